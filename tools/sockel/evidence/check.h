#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "tools/sockel/audit/bundle_check.h"
#include "tools/sockel/evidence/manifest.h"

namespace sockel::cli {

struct EvidenceVerdict {
  BundleVerdict log;
  Manifest manifest;
  int entries = 0;
};

// Checks an evidence file without any service: signature, proofs, and that
// every document is, byte for byte, the one the log says was filed. DATA_LOSS
// says what differs.
absl::StatusOr<EvidenceVerdict> CheckEvidence(const std::filesystem::path& path,
                                              const std::string& verifier_key,
                                              const ProfileStore& store);

}  // namespace sockel::cli
