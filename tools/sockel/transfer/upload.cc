#include "tools/sockel/transfer/upload.h"

#include <algorithm>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/error/grpc_status.h"
#include "common/ids/ids.h"
#include "common/text/text.h"
#include "tools/sockel/transfer/hash.h"
#include "tools/sockel/transfer/names.h"

namespace sockel::cli {
namespace {

using efile::v1::Document;
using efile::v1::DocumentService;
using efile::v1::Upload;
using efile::v1::UploadService;

constexpr std::size_t kPiece = 256 * 1024;
// Characters, as the API allows.
constexpr std::size_t kLongestFileName = 255;
constexpr std::size_t kLongestSubject = 500;

// Also when another stream is at the upload, or it is at another place than
// thought: asking again shows where to go on.
bool IsWorthRepeating(const absl::Status& status) {
  return IsInterruption(status) || absl::IsAborted(status) || absl::IsOutOfRange(status);
}

std::string TenantOf(const std::string& name) { return name.substr(0, name.find('/', 8)); }

// In the journal, which is text: the path, or its bytes if they are none.
std::string KeyOf(const FileToPut& file) {
  const std::string path = file.path.string();
  return text::IsUtf8(path) ? path : "hex:" + ids::ToHex(path);
}

absl::Status ReadPiece(std::ifstream& in, std::string& piece, std::int64_t wanted,
                       const std::filesystem::path& path) {
  piece.resize(static_cast<std::size_t>(wanted));
  in.read(piece.data(), wanted);
  if (in.gcount() == wanted) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(path.string(), " became shorter meanwhile"));
}

}  // namespace

Uploader::Uploader(Session& session, std::string dossier, Document like, Journal& journal,
                   Progress& progress, const Clock& clock)
    : session_(session),
      dossier_(std::move(dossier)),
      like_(std::move(like)),
      journal_(journal),
      progress_(progress),
      patience_(clock) {}

absl::Status Uploader::Prepare() {
  patience_.NoteSignOfLife();
  auto documents = session_.Stub<DocumentService>();
  if (!documents.ok()) return documents.status();
  documents_ = *std::move(documents);
  auto uploads = session_.Stub<UploadService>();
  if (!uploads.ok()) return uploads.status();
  uploads_ = *std::move(uploads);
  return absl::OkStatus();
}

absl::StatusOr<Document> Uploader::Put(const FileToPut& file) {
  absl::StatusOr<std::string> hash = HashFile(file.path);
  if (!hash.ok()) return hash.status();
  TransferState state = journal_.Get(KeyOf(file), ids::ToHex(*hash));
  if (absl::Status noted = journal_.Put(KeyOf(file), state); !noted.ok()) return noted;
  if (!state.document.empty()) {
    progress_.AddBytes(file.size);
    efile::v1::GetDocumentRequest request;
    request.set_name(state.document);
    return client::Unary(*documents_, &DocumentService::Stub::GetDocument, request,
                         session_.CallOptions());
  }
  absl::StatusOr<Document> document = Repeatedly(file, state);
  if (!document.ok()) return document;
  state.document = document->name();
  if (absl::Status noted = journal_.Put(KeyOf(file), state); !noted.ok()) return noted;
  if (document->content().sha256() != *hash) {
    return absl::DataLossError(absl::StrCat(file.path.string(), " was stored differently"));
  }
  return document;
}

absl::StatusOr<Document> Uploader::Repeatedly(const FileToPut& file, TransferState& state) {
  absl::Duration pause = absl::Milliseconds(100);
  Streamed streamed;
  while (true) {
    streamed.begun = false;
    absl::StatusOr<Document> document = Attempt(file, state, streamed);
    if (document.ok()) patience_.NoteSignOfLife();
    // Whether a stream that broke had brought anything, the next attempt is told.
    const bool over = patience_.IsOver() && !streamed.begun;
    if (document.ok() || !IsWorthRepeating(document.status()) || over) return document;
    streamed.broken = document.status();
    absl::SleepFor(pause);
    pause = std::min(pause * 2, absl::Seconds(2));
  }
}

absl::StatusOr<Document> Uploader::Attempt(const FileToPut& file, TransferState& state,
                                           Streamed& streamed) {
  efile::v1::CreateDocumentRequest request;
  if (file.size <= kInlineLimit) {
    absl::StatusOr<std::string> content = ReadFile(file.path);
    if (!content.ok()) return content.status();
    request.set_inline_content(*std::move(content));
    absl::StatusOr<Document> document = File(file, state, std::move(request));
    if (document.ok()) progress_.AddBytes(file.size);
    return document;
  }
  if (absl::Status sent = SendContent(file, state, streamed); !sent.ok()) return sent;
  request.set_upload(state.upload);
  return File(file, state, std::move(request));
}

absl::StatusOr<Document> Uploader::File(const FileToPut& file, const TransferState& state,
                                        efile::v1::CreateDocumentRequest request) {
  request.set_parent(dossier_);
  request.set_request_id(state.request_id);
  *request.mutable_document() = like_;
  request.mutable_document()->set_file_name(
      PresentableName(file.path.filename().string(), kLongestFileName));
  if (like_.subject().empty())
    request.mutable_document()->set_subject(PresentableName(file.label, kLongestSubject));
  return client::Unary(*documents_, &DocumentService::Stub::CreateDocument, std::move(request),
                       session_.CallOptions());
}

absl::Status Uploader::SendContent(const FileToPut& file, TransferState& state,
                                   Streamed& streamed) {
  absl::StatusOr<Upload> upload = CurrentUpload(file, state);
  if (!upload.ok()) return upload.status();
  // Only progress is a sign of life: an upload that fails at the same place
  // again and again is given up.
  if (upload->received_size() > streamed.received) patience_.NoteSignOfLife();
  streamed.received = upload->received_size();
  if (upload->state() != Upload::RECEIVING) return absl::OkStatus();  // complete, or filed
  if (patience_.IsOver()) return streamed.broken;
  streamed.begun = true;
  return Append(file, *upload);
}

// The upload as it stands; a new one when there is none that could go on.
absl::StatusOr<Upload> Uploader::CurrentUpload(const FileToPut& file, TransferState& state) {
  if (!state.upload.empty()) {
    efile::v1::GetUploadRequest request;
    request.set_name(state.upload);
    absl::StatusOr<Upload> upload =
        client::Unary(*uploads_, &UploadService::Stub::GetUpload, request, session_.CallOptions());
    const bool gone = absl::IsNotFound(upload.status()) ||
                      (upload.ok() && (upload->state() == Upload::EXPIRED ||
                                       upload->state() == Upload::CANCELLED));
    if (!gone) return upload;
    state.upload_request_id = ids::NewUuidV4();
    state.request_id = ids::NewUuidV4();
  }
  efile::v1::CreateUploadRequest request;
  request.set_parent(TenantOf(dossier_));
  request.set_request_id(state.upload_request_id);
  request.mutable_upload()->set_dossier(dossier_);
  request.mutable_upload()->set_size(file.size);
  request.mutable_upload()->set_sha256(ids::FromHex(state.sha256).value_or(""));
  absl::StatusOr<Upload> upload =
      client::Unary(*uploads_, &UploadService::Stub::CreateUpload, request, session_.CallOptions());
  if (!upload.ok()) return upload;
  state.upload = upload->name();
  if (absl::Status noted = journal_.Put(KeyOf(file), state); !noted.ok()) return noted;
  return upload;
}

absl::Status Uploader::Append(const FileToPut& file, const Upload& upload) {
  std::ifstream in(file.path, std::ios::binary);
  in.seekg(upload.received_size());
  grpc::ClientContext context;
  client::Prepare(context, {.timeout = absl::Hours(24), .caller = &session_.caller()});
  Upload answer;
  auto writer = uploads_->AppendUpload(&context, &answer);
  std::int64_t at = upload.received_size();
  progress_.AddBytes(at);
  efile::v1::AppendUploadRequest message;
  message.set_name(upload.name());
  message.set_offset(at);
  absl::Status read;
  // At least one message, be it without data: an upload that has all its bytes
  // may still wait to be completed.
  do {
    const std::int64_t wanted = std::min<std::int64_t>(kPiece, file.size - at);
    read = ReadPiece(in, *message.mutable_data(), wanted, file.path);
    if (!read.ok() || !writer->Write(message)) break;
    at += wanted;
    progress_.AddBytes(wanted);
    message.clear_name();
    message.clear_offset();
  } while (at < file.size);
  if (!read.ok()) context.TryCancel();
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  if (read.ok() && status.ok()) return absl::OkStatus();
  progress_.AddBytes(-at);  // the next attempt counts anew
  return read.ok() ? error::FromGrpc(status) : read;
}

}  // namespace sockel::cli
