#include "tools/sockel/transfer/hash.h"

#include <openssl/evp.h>

#include <cerrno>
#include <fstream>

#include "tools/sockel/local_file.h"

namespace sockel::cli {

Sha256::Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
  EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
}

void Sha256::Add(std::string_view bytes) {
  EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
}

std::string Sha256::Finish() {
  std::string hash(32, '\0');
  EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(hash.data()), nullptr);
  return hash;
}

absl::StatusOr<std::string> HashFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return CannotRead(path, errno);
  Sha256 hash;
  std::string buffer(1 << 18, '\0');
  while (file) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    hash.Add(std::string_view(buffer).substr(0, static_cast<std::size_t>(file.gcount())));
  }
  if (file.bad()) return CannotRead(path, errno);
  return hash.Finish();
}

}  // namespace sockel::cli
