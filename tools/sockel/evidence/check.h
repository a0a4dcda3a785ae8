#pragma once

#include <filesystem>

#include "absl/status/statusor.h"
#include "tools/sockel/audit/bundle_check.h"
#include "tools/sockel/evidence/manifest.h"

namespace sockel::cli {

struct EvidenceVerdict {
  BundleVerdict log;
  Manifest manifest;
  int entries = 0;
  // The log tells how many documents there are: none is missing.
  bool complete = false;
};

// Checks an evidence file without any service:
//   - the checkpoint is signed with a key that is to be believed, as the log of
//     the e-file of the dossier's tenant, and every entry is in that log;
//   - the entries are about this dossier, and say that it was opened;
//   - the manifest says what the entries say, of the documents they speak of;
//   - every document is, byte for byte, the one that was filed;
//   - there is nothing else in the file, and nothing twice.
// DATA_LOSS says what is wrong. What is not proven by this is in report.h.
absl::StatusOr<EvidenceVerdict> CheckEvidence(const std::filesystem::path& path,
                                              const KeyChoice& choice, const LogMemory& memory);

}  // namespace sockel::cli
