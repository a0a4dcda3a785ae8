#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "tools/sockel/session.h"

namespace sockel::cli {

struct Exported {
  std::size_t documents = 0;
  int entries = 0;
  // Of the log, for who shall check the file: to be sent by another way.
  std::string verifier_key;
};

// Writes everything there is to say about a dossier into one ZIP file: its
// documents, what is known of them, the log's entries about them with proofs,
// the signed checkpoint and the key. See evidence/manifest.h for its form.
// ALREADY_EXISTS: nothing is overwritten. ABORTED: the dossier was changed
// meanwhile. DATA_LOSS: the service shows it otherwise than the log.
absl::StatusOr<Exported> ExportEvidence(Session& session, const std::string& dossier,
                                        const std::filesystem::path& target);

}  // namespace sockel::cli
