#include "services/identity/passwords/password_hasher.h"

#include <sodium.h>

#include <utility>

#include "common/error/error.h"

namespace sockel::identity {

absl::StatusOr<std::unique_ptr<PasswordHasher>> PasswordHasher::Create(
    const HashingOptions& options) {
  if (sodium_init() < 0) return error::Internal("libsodium does not start");
  std::unique_ptr<PasswordHasher> hasher(new PasswordHasher(options));
  auto dummy = hasher->Hash("nobody has this password");
  if (!dummy.ok()) return dummy.status();
  hasher->dummy_hash_ = *std::move(dummy);
  return hasher;
}

absl::StatusOr<std::string> PasswordHasher::Hash(std::string_view password) const {
  char out[crypto_pwhash_STRBYTES];
  const int failed = crypto_pwhash_str_alg(
      out, password.data(), password.size(), static_cast<unsigned long long>(options_.passes),
      static_cast<size_t>(options_.memory_kib) * 1024, crypto_pwhash_ALG_ARGON2ID13);
  if (failed != 0) {
    return error::Internal("Argon2id failed: argon2 parameters out of range, or out of memory");
  }
  return std::string(out);
}

bool PasswordHasher::Verify(std::string_view hash, std::string_view password) const {
  const std::string against = hash.empty() ? dummy_hash_ : std::string(hash);
  const bool right =
      crypto_pwhash_str_verify(against.c_str(), password.data(), password.size()) == 0;
  return right && !hash.empty();
}

bool PasswordHasher::NeedsRehash(const std::string& hash) const {
  return crypto_pwhash_str_needs_rehash(hash.c_str(),
                                        static_cast<unsigned long long>(options_.passes),
                                        static_cast<size_t>(options_.memory_kib) * 1024) != 0;
}

}  // namespace sockel::identity
