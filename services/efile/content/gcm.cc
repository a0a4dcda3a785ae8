#include "services/efile/content/gcm.h"

#include <cstdlib>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "common/error/error.h"

namespace sockel::efile {
namespace {

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// OpenSSL refuses these calls only when memory is out or it was built without
// AES: there is no way on.
void Must(int result) {
  if (result != 1) std::abort();
}

}  // namespace

void FillRandom(std::uint8_t* out, std::size_t size) {
  Must(RAND_bytes(out, static_cast<int>(size)));
}

absl::Status ContentDamaged(std::string_view what) {
  return error::Make(absl::StatusCode::kDataLoss, "CONTENT_DAMAGED", what);
}

GcmSealer::GcmSealer(const Key& key) : context_(EVP_CIPHER_CTX_new()) {
  Must(EVP_EncryptInit_ex(context_.get(), EVP_aes_256_gcm(), nullptr, key.data(), nullptr));
}

void GcmSealer::Seal(const std::uint8_t* nonce, std::string_view associated, std::string_view plain,
                     std::uint8_t* out) {
  EVP_CIPHER_CTX* context = context_.get();
  int written = 0;
  Must(EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, nonce));
  Must(EVP_EncryptUpdate(context, nullptr, &written, Bytes(associated),
                         static_cast<int>(associated.size())));
  if (!plain.empty()) {
    Must(EVP_EncryptUpdate(context, out, &written, Bytes(plain), static_cast<int>(plain.size())));
  }
  Must(EVP_EncryptFinal_ex(context, out + plain.size(), &written));
  Must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, kTagSize, out + plain.size()));
}

GcmOpener::GcmOpener(const Key& key) : context_(EVP_CIPHER_CTX_new()) {
  Must(EVP_DecryptInit_ex(context_.get(), EVP_aes_256_gcm(), nullptr, key.data(), nullptr));
}

bool GcmOpener::Open(const std::uint8_t* nonce, std::string_view associated,
                     std::string_view sealed, std::uint8_t* out) {
  if (sealed.size() < kTagSize) return false;
  EVP_CIPHER_CTX* context = context_.get();
  const std::size_t size = sealed.size() - kTagSize;
  std::uint8_t tag[kTagSize];
  std::copy_n(Bytes(sealed) + size, kTagSize, tag);
  int written = 0;
  Must(EVP_DecryptInit_ex(context, nullptr, nullptr, nullptr, nonce));
  Must(EVP_DecryptUpdate(context, nullptr, &written, Bytes(associated),
                         static_cast<int>(associated.size())));
  if (size > 0) {
    Must(EVP_DecryptUpdate(context, out, &written, Bytes(sealed), static_cast<int>(size)));
  }
  Must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, kTagSize, tag));
  std::uint8_t unused[16];
  if (EVP_DecryptFinal_ex(context, unused, &written) == 1) return true;
  OPENSSL_cleanse(out, size);
  return false;
}

}  // namespace sockel::efile
