#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/evp.h>

namespace sockel::efile {

// A running SHA-256. Movable, not thread-safe.
class Sha256 {
 public:
  Sha256();
  void Update(std::string_view bytes);
  // The 32 bytes; the object is used up.
  std::string Finish();

 private:
  struct Deleter {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Deleter> context_;
};

std::string Sha256Of(std::string_view bytes);

}  // namespace sockel::efile
