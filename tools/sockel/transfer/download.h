#pragma once

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "common/clock/clock.h"
#include "sockel/efile/v1/document.grpc.pb.h"
#include "tools/sockel/transfer/progress.h"

namespace sockel::cli {

// A name for the document's file that is safe in a folder (NameInFolder): its
// own as far as that goes, never empty, and short enough to be numbered (240
// bytes).
std::string SafeFileName(const efile::v1::Document& document);

// Writes the content to `target`, all or nothing: into a `.part` file beside
// it first, where a broken or killed download goes on later. The hash is
// compared before the file gets its name (DATA_LOSS). What exists is
// ALREADY_EXISTS, unless it is a file with this very content. Repeats while the service is
// away (patience.h). The calls are part of the caller's trace.
absl::Status Download(const Caller& caller, efile::v1::DocumentService::Stub& documents,
                      const efile::v1::Document& document, const std::filesystem::path& target,
                      Progress& progress, const Clock& clock);

}  // namespace sockel::cli
