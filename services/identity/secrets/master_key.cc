#include "services/identity/secrets/master_key.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <memory>

#include "common/error/error.h"
#include "common/ids/ids.h"

namespace sockel::identity {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;
constexpr char kContext[crypto_kdf_CONTEXTBYTES + 1] = "identity";

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
int Length(std::string_view text) { return static_cast<int>(text.size()); }

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;
CipherContext NewContext() { return {EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free}; }

}  // namespace

absl::StatusOr<MasterKey> MasterKey::FromFileContent(std::string_view content) {
  const std::string bytes =
      (content.size() == 2 * kKeyBytes ? ids::FromHex(content) : ids::FromBase64(content))
          .value_or("");
  if (bytes.size() != kKeyBytes) {
    return error::InvalidField("identity.master_key_file",
                               "must hold 32 bytes as 64 hexadecimal digits or in base64, e.g. "
                               "from `openssl rand -hex 32`");
  }
  MasterKey key;
  std::copy(bytes.begin(), bytes.end(), key.bytes_.begin());
  return key;
}

std::string MasterKey::Derive(KeyPurpose purpose) const {
  std::string key(kKeyBytes, '\0');
  crypto_kdf_derive_from_key(Bytes(key), key.size(), static_cast<uint64_t>(purpose), kContext,
                             bytes_.data());
  return key;
}

absl::StatusOr<std::string> Vault::Seal(std::string_view plain, std::string_view context) const {
  std::string sealed = ids::RandomBytes(kNonceBytes);
  sealed.resize(kNonceBytes + plain.size() + kTagBytes);
  unsigned char* out = Bytes(sealed);
  const CipherContext cipher = NewContext();
  int used = 0;
  const bool good =
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, Bytes(std::string_view(key_)),
                         out) == 1 &&
      EVP_EncryptUpdate(cipher.get(), nullptr, &used, Bytes(context), Length(context)) == 1 &&
      EVP_EncryptUpdate(cipher.get(), out + kNonceBytes, &used, Bytes(plain), Length(plain)) == 1 &&
      EVP_EncryptFinal_ex(cipher.get(), out + kNonceBytes + used, &used) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes,
                          out + kNonceBytes + plain.size()) == 1;
  if (!good) return error::Internal("AES-256-GCM encryption failed");
  return sealed;
}

absl::StatusOr<std::string> Vault::Open(std::string_view sealed, std::string_view context) const {
  if (sealed.size() < kNonceBytes + kTagBytes) return error::Internal("sealed secret is too short");
  const std::string_view body = sealed.substr(kNonceBytes, sealed.size() - kNonceBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string plain(body.size(), '\0');
  const CipherContext cipher = NewContext();
  int used = 0;
  const bool good =
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, Bytes(std::string_view(key_)),
                         Bytes(sealed)) == 1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &used, Bytes(context), Length(context)) == 1 &&
      EVP_DecryptUpdate(cipher.get(), Bytes(plain), &used, Bytes(body), Length(body)) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), Bytes(plain) + used, &used) == 1;
  if (!good) {
    return error::Internal("a sealed secret does not open: wrong master key, or tampered with");
  }
  return plain;
}

std::string Sha256(std::string_view bytes) {
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(Bytes(hash), Bytes(bytes), bytes.size());
  return hash;
}

std::string HmacSha256(std::string_view key, std::string_view bytes) {
  std::string mac(crypto_auth_hmacsha256_BYTES, '\0');
  crypto_auth_hmacsha256(Bytes(mac), Bytes(bytes), bytes.size(), Bytes(key));
  return mac;
}

}  // namespace sockel::identity
