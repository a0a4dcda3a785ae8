#include "tools/sockel/transfer/download.h"

#include <algorithm>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/client/call.h"
#include "common/error/grpc_status.h"
#include "common/ids/ids.h"
#include "tools/sockel/transfer/hash.h"
#include "tools/sockel/transfer/names.h"

namespace sockel::cli {
namespace {

using efile::v1::Document;
using efile::v1::DocumentService;

constexpr absl::Duration kPatience = absl::Seconds(60);
// File systems allow 255 bytes; a number may have to go in front or behind.
constexpr std::size_t kLongestFileName = 240;

std::string LastSegment(const std::string& name) { return name.substr(name.rfind('/') + 1); }

std::int64_t SizeOf(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<std::int64_t>(size);
}

// Appends what is missing to the part file.
absl::Status Fetch(DocumentService::Stub& documents, const Document& document,
                   const std::filesystem::path& part, Progress& progress) {
  efile::v1::DownloadContentRequest request;
  request.set_name(document.name());
  request.set_offset(SizeOf(part));
  if (request.offset() == document.content().size() && request.offset() > 0)
    return absl::OkStatus();
  std::ofstream out(part, std::ios::binary | std::ios::app);
  grpc::ClientContext context;
  client::Prepare(context, {.timeout = absl::Hours(24)});
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

absl::Status FetchRepeatedly(DocumentService::Stub& documents, const Document& document,
                             const std::filesystem::path& part, Progress& progress) {
  const absl::Time end = absl::Now() + kPatience;
  absl::Duration pause = absl::Milliseconds(100);
  while (true) {
    const absl::Status status = Fetch(documents, document, part, progress);
    const bool repeat = absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
    if (!repeat || absl::Now() > end) return status;
    absl::SleepFor(pause);
    pause = std::min(pause * 2, absl::Seconds(2));
  }
}

}  // namespace

std::string SafeFileName(const Document& document) {
  std::string name = document.file_name().substr(document.file_name().find_last_of("/\\") + 1);
  std::replace_if(
      name.begin(), name.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '_');
  if (name.empty() || name == "." || name == "..") name = LastSegment(document.name());
  return ShortenedFileName(name, kLongestFileName);
}

absl::Status Download(DocumentService::Stub& documents, const Document& document,
                      const std::filesystem::path& target, Progress& progress) {
  const std::string& wanted = document.content().sha256();
  if (std::filesystem::exists(target)) {
    const absl::StatusOr<std::string> present = HashFile(target);
    if (present.ok() && *present == wanted) {
      progress.AddBytes(document.content().size());
      return absl::OkStatus();
    }
    return absl::AlreadyExistsError(absl::StrCat(target.string(), " exists with other content"));
  }
  // The hash in the name: a part of one content is never continued as another.
  const std::string place = target.filename().string();
  const std::filesystem::path part =
      target.parent_path() / absl::StrCat(".", ShortenedFileName(place, kLongestFileName), ".",
                                          ids::ToHex(wanted).substr(0, 8), ".part");
  if (SizeOf(part) > document.content().size()) std::filesystem::remove(part);
  progress.AddBytes(SizeOf(part));
  if (absl::Status status = FetchRepeatedly(documents, document, part, progress); !status.ok()) {
    return status;
  }
  const absl::StatusOr<std::string> hash = HashFile(part);
  if (!hash.ok()) return hash.status();
  if (*hash != wanted) {
    std::filesystem::remove(part);
    return absl::DataLossError(
        absl::StrCat("what was received of ", document.name(), " is not what was stored"));
  }
  std::error_code error;
  std::filesystem::rename(part, target, error);
  if (!error) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("cannot write ", target.string(), ": ", error.message()));
}

}  // namespace sockel::cli
