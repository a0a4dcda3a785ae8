#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/evp.h>

#include "absl/status/statusor.h"

namespace sockel::ledger {

// An Ed25519 key that signs checkpoints. Whoever holds it can forge a log's
// history: keep it where the database's administrator cannot read it. Whoever
// loses it can no longer continue its logs (see sequencer.h). Move only;
// signing is thread-safe.
class SigningKey {
 public:
  // Reads a private key in PEM (PKCS #8), as `openssl genpkey -algorithm
  // ed25519` writes it. NOT_FOUND or INVALID_ARGUMENT name the file.
  static absl::StatusOr<SigningKey> Load(const std::string& path);
  // A new key, held in memory only.
  static absl::StatusOr<SigningKey> Generate();

  // 64 bytes.
  std::string Sign(std::string_view message) const;
  // 32 bytes.
  std::string public_key() const;

 private:
  using Pkey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  explicit SigningKey(Pkey key) : key_(std::move(key)) {}
  Pkey key_;
};

// Whether `signature` is that of `public_key` (32 bytes) over `message`.
bool VerifyEd25519(std::string_view public_key, std::string_view message,
                   std::string_view signature);

}  // namespace sockel::ledger
