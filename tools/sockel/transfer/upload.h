#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "sockel/efile/v1/document.grpc.pb.h"
#include "sockel/efile/v1/upload.grpc.pb.h"
#include "tools/sockel/session.h"
#include "tools/sockel/transfer/journal.h"
#include "tools/sockel/transfer/patience.h"
#include "tools/sockel/transfer/progress.h"

namespace sockel::cli {

// Up to this size content travels with the document, in one call.
inline constexpr std::int64_t kInlineLimit = 1 << 20;

// One file to be filed.
struct FileToPut {
  std::filesystem::path path;
  std::string label;  // its place in the folder, for people
  std::int64_t size = 0;
};

// Files files into one dossier. Thread-safe.
class Uploader {
 public:
  // `like`: what all documents have in common. All outlive the uploader.
  Uploader(Session& session, std::string dossier, efile::v1::Document like, Journal& journal,
           Progress& progress, const Clock& clock);

  // Connects. Before the first Put.
  absl::Status Prepare();

  // Goes on where an earlier run stopped; a file that was filed already is not
  // filed again. Repeats while the service is away, until it has shown no sign
  // of life for a minute.
  absl::StatusOr<efile::v1::Document> Put(const FileToPut& file);

 private:
  // How far the stream of one file got.
  struct Streamed {
    std::int64_t received = -1;  // by the service, as it told before the last attempt
    bool begun = false;          // in the last attempt
    absl::Status broken;         // how that ended
  };
  absl::StatusOr<efile::v1::Document> Repeatedly(const FileToPut& file, TransferState& state);
  absl::StatusOr<efile::v1::Document> Attempt(const FileToPut& file, TransferState& state,
                                              Streamed& streamed);
  absl::StatusOr<efile::v1::Document> File(const FileToPut& file, const TransferState& state,
                                           efile::v1::CreateDocumentRequest request);
  absl::Status SendContent(const FileToPut& file, TransferState& state, Streamed& streamed);
  absl::StatusOr<efile::v1::Upload> CurrentUpload(const FileToPut& file, TransferState& state);
  absl::Status Append(const FileToPut& file, const efile::v1::Upload& upload);

  Session& session_;
  const std::string dossier_;
  const efile::v1::Document like_;
  Journal& journal_;
  Progress& progress_;
  std::unique_ptr<efile::v1::DocumentService::Stub> documents_;
  std::unique_ptr<efile::v1::UploadService::Stub> uploads_;
  Patience patience_;
};

}  // namespace sockel::cli
