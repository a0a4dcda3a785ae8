#pragma once

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace sockel::cli {

// A folder for its owner only that is gone when the work is done.
class ScratchFolder {
 public:
  // `path()` is empty when it cannot be made.
  explicit ScratchFolder(const std::filesystem::path& inside) {
    std::string pattern = (inside / ".sockel-XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr) {
      path_ = pattern;
    } else {
      error_number_ = errno;
    }
  }
  ~ScratchFolder() {
    std::error_code error;
    if (!path_.empty()) std::filesystem::remove_all(path_, error);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // Why it could not be made.
  int error_number() const { return error_number_; }

 private:
  std::filesystem::path path_;
  int error_number_ = 0;
};

}  // namespace sockel::cli
