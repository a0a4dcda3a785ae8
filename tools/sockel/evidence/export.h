#pragma once

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "tools/sockel/session.h"

namespace sockel::cli {

// Writes everything there is to say about a dossier into one ZIP file: its
// documents, what is known of them, the log's entries about them with proofs,
// the signed checkpoint and the key. See evidence/manifest.h for its form.
absl::Status ExportEvidence(Session& session, const std::string& dossier,
                            const std::filesystem::path& target);

}  // namespace sockel::cli
