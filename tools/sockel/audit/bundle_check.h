#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/ledger/checkpoint.h"
#include "sockel/audit/v1/audit.pb.h"
#include "tools/sockel/profile.h"

namespace sockel::cli {

// Protobuf JSON. INVALID_ARGUMENT names `what`.
absl::StatusOr<audit::v1::EvidenceBundle> ParseBundle(const std::string& json,
                                                      const std::string& what);

struct BundleVerdict {
  ledger::CheckpointBody checkpoint;
  std::string verifier_key;
  // The key was given or known; else it is only what the bundle says.
  bool key_confirmed = false;
};

// Without any service. `verifier_key` empty = the one remembered for the log,
// else the bundle's own. DATA_LOSS says what is wrong.
absl::StatusOr<BundleVerdict> CheckBundle(const audit::v1::EvidenceBundle& bundle,
                                          const std::string& verifier_key,
                                          const ProfileStore& store);

}  // namespace sockel::cli
