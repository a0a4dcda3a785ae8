#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include <openssl/evp.h>

#include "absl/status/status.h"
#include "services/efile/content/keys.h"

// AES-256-GCM over OpenSSL, the little of it that content needs.
namespace sockel::efile {

constexpr std::size_t kNonceSize = 12;
constexpr std::size_t kTagSize = 16;

struct CipherContextDeleter {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, CipherContextDeleter>;

// From the system's generator; ends the process when that fails, since nothing
// safe can be done without it.
void FillRandom(std::uint8_t* out, std::size_t size);

// DATA_LOSS/CONTENT_DAMAGED. `what` says which part, for people.
absl::Status ContentDamaged(std::string_view what);

// Encrypts with one key. Not thread-safe. A nonce must not be used twice.
class GcmSealer {
 public:
  explicit GcmSealer(const Key& key);
  // Writes plain.size() bytes of ciphertext and kTagSize bytes of tag to `out`.
  void Seal(const std::uint8_t* nonce, std::string_view associated, std::string_view plain,
            std::uint8_t* out);

 private:
  CipherContext context_;
};

// Decrypts with one key. Not thread-safe.
class GcmOpener {
 public:
  explicit GcmOpener(const Key& key);
  // `sealed` is ciphertext and tag. False when it is not authentic; `out`
  // (sealed.size() - kTagSize bytes) then holds nothing of use.
  bool Open(const std::uint8_t* nonce, std::string_view associated, std::string_view sealed,
            std::uint8_t* out);

 private:
  CipherContext context_;
};

}  // namespace sockel::efile
