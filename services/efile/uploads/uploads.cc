#include "services/efile/uploads/uploads.h"

#include "common/error/error.h"
#include "common/ids/ids.h"
#include "common/ledger/ledger.h"
#include "services/efile/content/content_reader.h"
#include "services/efile/content/content_writer.h"
#include "services/efile/dossiers/dossiers.h"
#include "services/efile/names.h"
#include "services/efile/uploads/append.h"

namespace sockel::efile {
namespace {

absl::Status StateInvalid(v1::Upload::State state) {
  return error::FailedPrecondition("UPLOAD_STATE_INVALID",
                                   "The upload is not in a state that allows this.",
                                   {{"state", v1::Upload::State_Name(state)}});
}

absl::Status CheckAppendable(const v1::Upload& upload, std::int64_t offset) {
  if (upload.state() != v1::Upload::RECEIVING) return StateInvalid(upload.state());
  if (offset == upload.received_size()) return absl::OkStatus();
  const std::string received = std::to_string(upload.received_size());
  return error::Make(absl::StatusCode::kOutOfRange, "UPLOAD_OFFSET_MISMATCH",
                     "offset: must be " + received + ", the bytes received so far",
                     {{"received_size", received}});
}

absl::Status TooManyRereads() {
  absl::Status status =
      error::Make(absl::StatusCode::kResourceExhausted, error::CommonReason::OVERLOADED,
                  "Other uploads are being looked through before they go on.");
  error::SetRetryAfter(status, absl::Seconds(1));
  return status;
}

}  // namespace

absl::StatusOr<v1::Upload> Uploads::Create(const Caller& caller,
                                           const v1::CreateUploadRequest& request) {
  const std::string& dossier = request.upload().dossier();
  const auto dossier_id = DossierIdIn(caller, dossier);
  if (!dossier_id) return error::NotFound(dossier);
  NewUpload upload{.id = ids::NewUuidV7(clock_.Now()),
                   .dossier_id = *dossier_id,
                   .size = request.upload().size(),
                   .sha256 = request.upload().sha256()};
  absl::StatusOr<NewDataKey> key = storage_.keys.NewContentKey(caller, upload.id);
  if (!key.ok()) return key.status();
  upload.key = key->stored;
  return db_.Write(caller, "uploads.create",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Upload> {
                     upload.expire_time = tx.time() + kUploadLifetime;
                     auto created = store_.Insert(tx, upload);
                     if (!created && !dossiers_.Get(tx, *dossier_id)) {
                       return error::NotFound(dossier);
                     }
                     if (!created) return DossierClosed(dossier);
                     ledger::Append(tx, {.resource = created->name(),
                                         .details = {{"dossier", created->dossier()},
                                                     {"sha256", ids::ToHex(upload.sha256)}}});
                     return *created;
                   });
}

absl::StatusOr<UploadRow> Uploads::Find(const Caller& caller, const std::string& id,
                                        const std::string& name) {
  return db_.Read(caller, "uploads.get", [&](pg::Transaction& tx) -> absl::StatusOr<UploadRow> {
    auto row = store_.Get(tx, id);
    if (row) return *row;
    return error::NotFound(name);
  });
}

absl::StatusOr<v1::Upload> Uploads::Get(const Caller& caller, const v1::GetUploadRequest& request) {
  const auto id = UploadIdIn(caller, request.name());
  if (!id) return error::NotFound(request.name());
  absl::StatusOr<UploadRow> row = Find(caller, *id, request.name());
  if (!row.ok()) return row.status();
  return std::move(row->upload);
}

absl::StatusOr<std::string> Uploads::Claim(const Caller& caller, const std::string& id,
                                           const v1::AppendUploadRequest& first,
                                           const std::string& writer) {
  return db_.Write(caller, "uploads.claim",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<std::string> {
                     auto received_by =
                         store_.Claim(tx, id, first.offset(), writer, tx.time() + kUploadLifetime);
                     if (received_by) return *received_by;
                     const auto now = store_.Get(tx, id);
                     if (!now) return error::NotFound(first.name());
                     absl::Status why = CheckAppendable(now->upload, first.offset());
                     return why.ok() ? UploadTakenOver() : why;
                   });
}

absl::StatusOr<Sha256> Uploads::HashOfReceived(const ContentPart& part, const ContentId& content,
                                               const Key& key, const v1::Upload& upload,
                                               const std::string& received_by) {
  std::optional<Sha256> kept = hashes_.Take(received_by, upload.received_size());
  if (kept) return *std::move(kept);
  const auto reread = [&] {
    return HashPart(part, content, key, upload.size(), upload.received_size());
  };
  if (upload.received_size() <= kProgressStep) return reread();
  absl::StatusOr<Sha256> hash = TooManyRereads();
  if (--rereads_left_ >= 0) hash = reread();
  ++rereads_left_;
  return hash;
}

// First the part is locked, then the upload is claimed, then the part may be
// changed: between two streams the lock decides, and the claim proves, under
// the lock, that nobody completed or filed the upload before. The claim also
// fences off a stream that goes on without the lock, and tells whose bytes the
// part holds.
rpc::SinkOr<v1::AppendUploadRequest, v1::Upload> Uploads::Append(
    const Caller& caller, const v1::AppendUploadRequest& first) {
  if (first.name().empty()) return error::InvalidField("name", "is required in the first message");
  const auto id = UploadIdIn(caller, first.name());
  if (!id) return error::NotFound(first.name());
  absl::StatusOr<UploadRow> row = Find(caller, *id, first.name());
  if (!row.ok()) return row.status();
  absl::Status appendable = CheckAppendable(row->upload, first.offset());
  if (!appendable.ok()) return appendable;

  const ContentId content{caller.tenant, *id};
  absl::StatusOr<Key> key = storage_.keys.Open(caller, *id, row->key);
  if (!key.ok()) return key.status();
  auto part = storage_.store.OpenPart(content);
  if (!part.ok()) return part.status();
  const std::string writer = ids::NewUuidV4();
  absl::StatusOr<std::string> received_by = Claim(caller, *id, first, writer);
  if (!received_by.ok()) return received_by.status();
  auto hash = HashOfReceived(**part, content, *key, row->upload, *received_by);
  if (!hash.ok()) return hash.status();
  auto out = ContentWriter::Open(*std::move(part), content, *key, row->upload.size(),
                                 first.offset(), *std::move(hash));
  if (!out.ok()) return out.status();
  return NewAppend({.db = db_,
                    .storage = storage_,
                    .store = store_,
                    .hashes = hashes_,
                    .caller = caller,
                    .content = content,
                    .key = *key,
                    .writer = writer,
                    .received_by = *received_by,
                    .upload = row->upload},
                   *std::move(out));
}

absl::StatusOr<v1::Upload> Uploads::Cancel(const Caller& caller,
                                           const v1::CancelUploadRequest& request) {
  const auto id = UploadIdIn(caller, request.name());
  if (!id) return error::NotFound(request.name());
  return db_.Write(caller, "uploads.cancel",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Upload> {
                     auto cancelled = store_.Cancel(tx, *id);
                     if (!cancelled) {
                       const auto row = store_.Get(tx, *id);
                       if (!row) return error::NotFound(request.name());
                       if (row->upload.state() == v1::Upload::FILED) {
                         return StateInvalid(v1::Upload::FILED);
                       }
                       return row->upload;
                     }
                     ledger::Append(tx, {.resource = cancelled->name()});
                     return *cancelled;
                   });
}

}  // namespace sockel::efile
