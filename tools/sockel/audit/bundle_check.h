#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/ledger/checkpoint.h"
#include "sockel/audit/v1/audit.pb.h"
#include "tools/sockel/audit/log_memory.h"

namespace sockel::cli {

// Protobuf JSON. INVALID_ARGUMENT names `what`.
absl::StatusOr<audit::v1::EvidenceBundle> ParseBundle(const std::string& json,
                                                      const std::string& what);

// Whose signature is believed.
struct KeyChoice {
  // Got by another way than the file; empty = one remembered for the log.
  std::string verifier_key;
  // When there is neither: the key that the file itself names. It proves
  // nothing about who made the file.
  bool trust_file_key = false;
};

enum class KeySource { kGiven, kRemembered, kFile };
// `given`, `remembered`, `file`: for programs.
std::string NameOf(KeySource source);

struct BundleVerdict {
  ledger::CheckpointBody checkpoint;
  std::string verifier_key;
  KeySource key_source = KeySource::kFile;

  bool KeyConfirmed() const { return key_source != KeySource::kFile; }
};

// Without any service. DATA_LOSS says what is wrong; also when there is no key
// to believe, as anybody can sign with a key of their own.
absl::StatusOr<BundleVerdict> CheckBundle(const audit::v1::EvidenceBundle& bundle,
                                          const KeyChoice& choice, const LogMemory& memory);

}  // namespace sockel::cli
