#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/ledger/merkle.h"
#include "common/ledger/signing_key.h"

// Checkpoints: what a log says of itself, signed. Format: C2SP tlog-checkpoint
// in a C2SP signed-note, so that any transparency-log tool can read them.
namespace sockel::ledger {

struct CheckpointBody {
  // Which log: `sockel/<service>/<tenant>`. Also the name of the signing key.
  std::string origin;
  std::int64_t size = 0;
  Hash root{};
  bool operator==(const CheckpointBody&) const = default;
};

// The name of the log that `service` keeps for `tenant` (its code).
std::string Origin(std::string_view service, std::string_view tenant);

// Who can sign for a log, in C2SP's text form
// `<name>+<key id, 8 hex digits>+<base64 of 0x01 and the public key>`.
class VerifierKey {
 public:
  VerifierKey(std::string name, std::string public_key);
  // INVALID_ARGUMENT when it is no Ed25519 verifier key or its id is wrong.
  static absl::StatusOr<VerifierKey> Parse(std::string_view text);

  std::string ToString() const;
  const std::string& name() const { return name_; }
  const std::string& public_key() const { return public_key_; }
  // First 4 bytes of SHA-256(name || '\n' || 0x01 || public key).
  const std::string& id() const { return id_; }

 private:
  std::string name_;
  std::string public_key_;
  std::string id_;
};

// The signed note; its key is named as the log.
std::string SignCheckpoint(const CheckpointBody& body, const SigningKey& key);

// Checks signature and form. DATA_LOSS says what is wrong: unsigned by this
// key, signature false, another log than the key's, malformed. Signatures of
// others (witnesses) on the note are ignored.
absl::StatusOr<CheckpointBody> OpenCheckpoint(std::string_view note, const VerifierKey& key);

}  // namespace sockel::ledger
