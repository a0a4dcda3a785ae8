#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "services/efile/content/file_store.h"

namespace sockel::efile {

// A file store in a temporary folder that goes with it, and its files as an
// attacker with access to the disk sees them.
class TestStore {
 public:
  TestStore() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "sockel-content-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    store_ = std::move(*FileStore::Open(root_));
  }
  TestStore(const TestStore&) = delete;
  TestStore& operator=(const TestStore&) = delete;
  ~TestStore() { std::filesystem::remove_all(root_); }

  ContentStore& get() { return *store_; }
  const std::string& root() const { return root_; }

  std::string PathOf(const ContentId& id) const {
    return root_ + "/" + id.tenant + "/" + id.id.substr(id.id.size() - 2) + "/" + id.id;
  }
  std::string ReadFile(const ContentId& id) const {
    std::ifstream file(PathOf(id), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void WriteFile(const ContentId& id, const std::string& bytes) const {
    std::ofstream(PathOf(id), std::ios::binary | std::ios::trunc) << bytes;
  }
  // Whether there is a content or a part.
  bool Has(const ContentId& id) const {
    return std::filesystem::exists(PathOf(id)) || std::filesystem::exists(PathOf(id) + ".part");
  }
  // As if nobody had changed it for so long.
  void Age(const ContentId& id, std::chrono::seconds age) const { AgeFiles(PathOf(id), age); }

  // The same for what was discarded.
  std::string TrashPathOf(const ContentId& id) const {
    return root_ + "/.trash" + PathOf(id).substr(root_.size());
  }
  bool HasInTrash(const ContentId& id) const {
    return std::filesystem::exists(TrashPathOf(id)) ||
           std::filesystem::exists(TrashPathOf(id) + ".part");
  }
  void AgeInTrash(const ContentId& id, std::chrono::seconds age) const {
    AgeFiles(TrashPathOf(id), age);
  }
  // Regular files in the whole store, its trash included.
  int CountFiles() const {
    int count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) {
      count += entry.is_regular_file() ? 1 : 0;
    }
    return count;
  }

 private:
  static void AgeFiles(const std::string& content, std::chrono::seconds age) {
    for (const std::string& path : {content, content + ".part"}) {
      if (!std::filesystem::exists(path)) continue;
      std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() - age);
    }
  }

  std::string root_;
  std::unique_ptr<FileStore> store_;
};

}  // namespace sockel::efile
