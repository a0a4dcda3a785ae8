#include "services/efile/content/sha256.h"

#include <cstdlib>

namespace sockel::efile {
namespace {

void Must(int result) {
  if (result != 1) std::abort();  // out of memory, or OpenSSL without SHA-256
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  Must(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}

void Sha256::Update(std::string_view bytes) {
  Must(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

std::string Sha256::Finish() {
  std::string digest(32, '\0');
  Must(
      EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr));
  return digest;
}

std::string Sha256Of(std::string_view bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.Finish();
}

}  // namespace sockel::efile
