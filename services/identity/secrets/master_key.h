#pragma once

#include <array>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

// Secrets at rest. Everything here hangs on one master key that is in a file,
// never in the database.
namespace sockel::identity {

// Keys for one purpose each, derived from the master key.
enum class KeyPurpose : unsigned {
  kSigningKeys = 1,
  kRefreshTokens = 2,
  kActivationCodes = 3,
};

class MasterKey {
 public:
  // `content` of the master key file: 32 bytes as 64 hexadecimal digits or in
  // base64. INVALID_ARGUMENT otherwise.
  static absl::StatusOr<MasterKey> FromFileContent(std::string_view content);

  // 32 bytes. The same purpose gives the same key on every replica.
  std::string Derive(KeyPurpose purpose) const;

 private:
  MasterKey() = default;
  std::array<unsigned char, 32> bytes_{};
};

// AES-256-GCM with a random 96-bit nonce: at most 2^32 seals under one key,
// which a hundred thousand years of key rotations do not reach. Thread-safe.
class Vault {
 public:
  // `key`: 32 bytes.
  explicit Vault(std::string key) : key_(std::move(key)) {}

  // nonce (12) || ciphertext || tag (16). `context` is authenticated: what was
  // sealed for one row does not open in another.
  absl::StatusOr<std::string> Seal(std::string_view plain, std::string_view context) const;
  // INTERNAL when it was tampered with, or sealed under another key or context.
  absl::StatusOr<std::string> Open(std::string_view sealed, std::string_view context) const;

 private:
  std::string key_;
};

std::string Sha256(std::string_view bytes);
// `key`: 32 bytes.
std::string HmacSha256(std::string_view key, std::string_view bytes);

}  // namespace sockel::identity
