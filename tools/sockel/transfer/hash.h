#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

struct evp_md_ctx_st;

namespace sockel::cli {

// SHA-256, piece by piece.
class Sha256 {
 public:
  Sha256();
  void Add(std::string_view bytes);
  // 32 bytes; afterwards the object is used up.
  std::string Finish();

 private:
  std::unique_ptr<evp_md_ctx_st, void (*)(evp_md_ctx_st*)> context_;
};

// Of a whole file. What is wrong is told as CannotRead() does.
absl::StatusOr<std::string> HashFile(const std::filesystem::path& path);

}  // namespace sockel::cli
