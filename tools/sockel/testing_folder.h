#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace sockel::cli {

// A folder for one test.
class TestingFolder {
 public:
  TestingFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "sockel_cli_XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~TestingFolder() { std::filesystem::remove_all(path_); }
  TestingFolder(const TestingFolder&) = delete;
  TestingFolder& operator=(const TestingFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace sockel::cli
