#include "tools/sockel/transfer/download.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/client/call.h"
#include "common/error/grpc_status.h"
#include "common/ids/ids.h"
#include "tools/sockel/local_file.h"
#include "tools/sockel/transfer/hash.h"
#include "tools/sockel/transfer/names.h"
#include "tools/sockel/transfer/patience.h"

namespace sockel::cli {
namespace {

using efile::v1::Document;
using efile::v1::DocumentService;

constexpr absl::Duration kFirstPause = absl::Milliseconds(100);
constexpr absl::Duration kLongestPause = absl::Seconds(2);
// File systems allow 255 bytes; a number may have to go in front or behind.
constexpr std::size_t kLongestFileName = 240;

std::int64_t SizeOf(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<std::int64_t>(size);
}

// Appends what is missing to the part file.
absl::Status Fetch(const Caller& caller, DocumentService::Stub& documents, const Document& document,
                   const std::filesystem::path& part, Progress& progress) {
  efile::v1::DownloadContentRequest request;
  request.set_name(document.name());
  request.set_offset(SizeOf(part));
  if (request.offset() == document.content().size() && request.offset() > 0)
    return absl::OkStatus();
  std::ofstream out(part, std::ios::binary | std::ios::app);
  if (!out) return CannotWrite(part, errno);
  grpc::ClientContext context;
  client::Prepare(context, {.timeout = absl::Hours(24), .caller = &caller});
  auto reader = documents.DownloadContent(&context, request);
  efile::v1::DownloadContentResponse message;
  while (reader->Read(&message)) {
    out << message.data();
    progress.AddBytes(static_cast<std::int64_t>(message.data().size()));
    if (!out) break;
  }
  out.close();
  if (!out) context.TryCancel();
  const grpc::Status status = reader->Finish();
  if (!out) return absl::FailedPreconditionError(absl::StrCat("cannot write ", part.string()));
  return error::FromGrpc(status);
}

absl::Status FetchRepeatedly(const Caller& caller, DocumentService::Stub& documents,
                             const Document& document, const std::filesystem::path& part,
                             Progress& progress, const Clock& clock) {
  Patience patience(clock);
  absl::Duration pause = kFirstPause;
  while (true) {
    const std::int64_t before = SizeOf(part);
    const absl::Status status = Fetch(caller, documents, document, part, progress);
    if (!IsInterruption(status)) return status;
    if (SizeOf(part) > before) {
      patience.NoteSignOfLife();
      pause = kFirstPause;
    }
    if (patience.IsOver()) return status;
    absl::SleepFor(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
}

// OK when the content is there already; NOT_FOUND when nothing is.
absl::Status LookForContent(const std::filesystem::path& target, const std::string& wanted) {
  std::error_code error;
  const std::filesystem::file_status there = std::filesystem::symlink_status(target, error);
  if (there.type() == std::filesystem::file_type::not_found) return absl::NotFoundError("");
  if (!std::filesystem::exists(there)) return CannotWrite(target, error.value());
  // Whoever opens a pipe waits for the other end, maybe for ever.
  if (!std::filesystem::is_regular_file(target, error)) {
    return absl::AlreadyExistsError(
        absl::StrCat(target.string(), " exists and is no regular file"));
  }
  const absl::StatusOr<std::string> present = HashFile(target);
  if (!present.ok()) return present.status();
  if (*present == wanted) return absl::OkStatus();
  return absl::AlreadyExistsError(absl::StrCat(target.string(), " exists with other content"));
}

// The hash in the name: a part of one content is never continued as another.
std::filesystem::path PartOf(const std::filesystem::path& target, const std::string& wanted) {
  const std::string name = ShortenedFileName(target.filename().string(), kLongestFileName);
  return target.parent_path() /
         absl::StrCat(".", name, ".", ids::ToHex(wanted).substr(0, 8), ".part");
}

}  // namespace

std::string SafeFileName(const Document& document) {
  std::string name = NameInFolder(document.file_name());
  if (name.empty()) name = NameInFolder(document.name());
  if (name.empty()) name = "document";
  return ShortenedFileName(name, kLongestFileName);
}

absl::Status Download(const Caller& caller, DocumentService::Stub& documents,
                      const Document& document, const std::filesystem::path& target,
                      Progress& progress, const Clock& clock) {
  const std::string& wanted = document.content().sha256();
  absl::Status status = LookForContent(target, wanted);
  if (status.ok()) progress.AddBytes(document.content().size());
  if (!absl::IsNotFound(status)) return status;
  const std::filesystem::path part = PartOf(target, wanted);
  std::error_code error;
  if (SizeOf(part) > document.content().size()) std::filesystem::remove(part, error);
  progress.AddBytes(SizeOf(part));
  status = FetchRepeatedly(caller, documents, document, part, progress, clock);
  if (!status.ok()) return status;
  const absl::StatusOr<std::string> hash = HashFile(part);
  if (!hash.ok()) return hash.status();
  if (*hash != wanted) {
    std::filesystem::remove(part, error);
    return absl::DataLossError(
        absl::StrCat("what was received of ", document.name(), " is not what was stored"));
  }
  std::filesystem::rename(part, target, error);
  return error ? CannotWrite(target, error.value()) : absl::OkStatus();
}

}  // namespace sockel::cli
