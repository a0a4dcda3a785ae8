#include "services/efile/uploads/append.h"

#include "common/error/error.h"
#include "common/ids/ids.h"
#include "common/ledger/ledger.h"
#include "services/efile/content/content_reader.h"
#include "services/efile/names.h"
#include "services/efile/uploads/uploads.h"

namespace sockel::efile {

absl::Status UploadTakenOver() {
  absl::Status status = error::Make(absl::StatusCode::kAborted, "UPLOAD_BUSY",
                                    "Another stream took this upload over, or it was given up.");
  error::SetRetryAfter(status, absl::Milliseconds(200));
  return status;
}

namespace {

class Append final : public rpc::Sink<v1::AppendUploadRequest, v1::Upload> {
 public:
  Append(AppendContext context, std::unique_ptr<ContentWriter> out)
      : context_(std::move(context)), out_(std::move(out)), noted_(out_->resumable()) {}

  ~Append() override {
    if (finished_) return;
    // The client went away; its deadline is no measure for what we still do.
    context_.caller.deadline = absl::InfiniteFuture();
    NoteProgress().status().IgnoreError();
    KeepHash();
  }

  absl::Status Write(const v1::AppendUploadRequest& request) override {
    if (!request.name().empty() &&
        UploadIdIn(context_.caller, request.name()) != context_.content.id) {
      return error::InvalidField("name", "must be empty or the same in later messages");
    }
    absl::Status status = out_->Append(request.data());
    if (absl::IsOutOfRange(status)) {
      return error::Make(absl::StatusCode::kInvalidArgument, "UPLOAD_TOO_LONG",
                         "data: more bytes than the upload's size");
    }
    if (status.ok() && out_->resumable() - noted_ >= kProgressStep)
      status = NoteProgress().status();
    return status;
  }

  absl::StatusOr<v1::Upload> Finish() override {
    if (!out_->complete()) {
      absl::StatusOr<v1::Upload> upload = NoteProgress();
      finished_ = true;
      KeepHash();
      return upload;
    }
    finished_ = true;
    absl::StatusOr<std::string> hash = out_->Finish();
    if (!hash.ok()) return hash.status();
    return *hash == context_.upload.sha256() ? Complete() : StartAgain();
  }

 private:
  // Makes what arrived durable and writes down how much that is.
  absl::StatusOr<v1::Upload> NoteProgress() {
    absl::Status synced = out_->Sync();
    if (!synced.ok()) return synced;
    absl::StatusOr<v1::Upload> upload = Record(out_->resumable());
    if (upload.ok() && noted_ != out_->resumable()) {
      noted_ = out_->resumable();
      context_.received_by = context_.writer;
    }
    return upload;
  }

  // For the stream that goes on after exactly the bytes that are written down.
  // The part is still locked: nobody else writes before the hash is there.
  void KeepHash() {
    if (context_.received_by.empty() || out_->resumable() != noted_) return;
    context_.hashes.Put(context_.received_by, noted_, out_->TakeHash());
  }

  // How far a transfer is, is no change of a record: no audit entry, no event.
  absl::StatusOr<v1::Upload> Record(std::int64_t received) {
    return context_.db.Write(context_.caller, "uploads.progress",
                             [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Upload> {
                               auto upload =
                                   context_.store.Progress(tx, context_.content.id, context_.writer,
                                                           received, tx.time() + kUploadLifetime);
                               if (upload) return *upload;
                               return UploadTakenOver();
                             });
  }

  absl::StatusOr<v1::Upload> StartAgain() {
    absl::StatusOr<v1::Upload> reset = Record(0);
    if (!reset.ok()) return reset;
    return error::Make(absl::StatusCode::kInvalidArgument, "UPLOAD_HASH_MISMATCH",
                       "The bytes received do not have the announced SHA-256; send them again "
                       "from offset 0.");
  }

  absl::StatusOr<std::string> MediaType() {
    auto reader = ContentReader::Open(context_.storage.store, context_.content, context_.key,
                                      context_.upload.size());
    if (!reader.ok()) return reader.status();
    std::string head;
    absl::Status status = (*reader)->Read(
        0, std::min<std::int64_t>(context_.upload.size(), MediaTypes::kHeadSize), head);
    if (!status.ok()) return status;
    return context_.storage.media_types.Of(head);
  }

  absl::StatusOr<v1::Upload> Complete() {
    absl::Status sealed = out_->Seal();
    if (!sealed.ok()) return sealed;
    absl::StatusOr<std::string> media_type = MediaType();
    if (!media_type.ok()) return media_type.status();
    return context_.db.Write(
        context_.caller, "uploads.complete",
        [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Upload> {
          auto upload = context_.store.Complete(tx, context_.content.id, context_.writer,
                                                *media_type, tx.time() + kUploadLifetime);
          if (!upload) return UploadTakenOver();
          ledger::Append(tx, {.resource = upload->name(),
                              .details = {{"sha256", ids::ToHex(upload->sha256())}}});
          return *upload;
        });
  }

  AppendContext context_;
  std::unique_ptr<ContentWriter> out_;
  std::int64_t noted_;  // received_size in the database
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<rpc::Sink<v1::AppendUploadRequest, v1::Upload>> NewAppend(
    AppendContext context, std::unique_ptr<ContentWriter> out) {
  return std::make_unique<Append>(std::move(context), std::move(out));
}

}  // namespace sockel::efile
