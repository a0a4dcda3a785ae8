#include "tools/sockel/transfer/collect.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "tools/sockel/transfer/names.h"

namespace sockel::cli {
namespace {

namespace fs = std::filesystem;

// As long as a path can be.
constexpr std::size_t kLongestLabel = 4096;

std::string Label(const fs::path& path, const fs::path& base) {
  return PresentableName(path.lexically_relative(base).generic_string(), kLongestLabel);
}

void AddFile(const fs::path& path, const fs::path& base, Collected& all) {
  all.files.push_back({path, Label(path, base), static_cast<std::int64_t>(fs::file_size(path))});
}

void AddFolder(const fs::path& folder, const fs::path& base, Collected& all) {
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    std::error_code error;
    if (entry.is_regular_file(error)) {
      AddFile(entry.path(), base, all);
    } else if (entry.is_symlink(error) || !entry.is_directory(error)) {
      all.left_out.push_back(Label(entry.path(), base));
    }
  }
}

}  // namespace

absl::StatusOr<Collected> Collect(const std::vector<std::string>& paths) {
  Collected all;
  try {
    for (const std::string& given : paths) {
      const fs::path path = fs::absolute(given).lexically_normal();
      if (!fs::is_directory(path)) {
        AddFile(path, path.parent_path(), all);
        continue;
      }
      const fs::path folder = path.has_filename() ? path : path.parent_path();
      AddFolder(folder, folder.parent_path(), all);
    }
  } catch (const fs::filesystem_error& e) {
    return absl::NotFoundError(absl::StrCat(e.path1().string(), ": ", e.code().message()));
  }
  if (all.files.empty()) return absl::NotFoundError("there is no file in it");
  // A folder, and a file in it, may both have been named.
  std::stable_sort(all.files.begin(), all.files.end(),
                   [](const FileToPut& a, const FileToPut& b) { return a.path < b.path; });
  const auto end =
      std::unique(all.files.begin(), all.files.end(),
                  [](const FileToPut& a, const FileToPut& b) { return a.path == b.path; });
  all.files.erase(end, all.files.end());
  return all;
}

}  // namespace sockel::cli
