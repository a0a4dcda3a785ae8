#include "tools/sockel/transfer/collect.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/sockel/local_file.h"
#include "tools/sockel/transfer/names.h"

namespace sockel::cli {
namespace {

namespace fs = std::filesystem;

// As long as a path can be.
constexpr std::size_t kLongestLabel = 4096;

std::string Label(const fs::path& path, const fs::path& base) {
  return PresentableName(path.lexically_relative(base).generic_string(), kLongestLabel);
}

absl::Status AddFile(const fs::path& path, const fs::path& base, Collected& all) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return CannotRead(path, error.value());
  all.files.push_back({path, Label(path, base), static_cast<std::int64_t>(size)});
  return absl::OkStatus();
}

// Folders to `deeper`.
absl::Status AddEntry(const fs::directory_entry& entry, const fs::path& base, Collected& all,
                      std::vector<fs::path>& deeper) {
  std::error_code error;
  const fs::file_status status = entry.status(error);
  if (fs::is_regular_file(status)) return AddFile(entry.path(), base, all);
  std::error_code ignored;
  const bool is_link = entry.is_symlink(ignored);
  if (!is_link && !fs::status_known(status)) return CannotRead(entry.path(), error.value());
  if (!is_link && fs::is_directory(status)) {
    deeper.push_back(entry.path());
  } else {
    all.left_out.push_back(Label(entry.path(), base));
  }
  return absl::OkStatus();
}

absl::Status AddFolder(const fs::path& folder, const fs::path& base, Collected& all) {
  // Not with a recursive iterator: its error does not say where it was.
  std::vector<fs::path> waiting = {folder};
  while (!waiting.empty()) {
    const fs::path here = waiting.back();
    waiting.pop_back();
    std::error_code error;
    fs::directory_iterator entry(here, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
      if (absl::Status added = AddEntry(*entry, base, all, waiting); !added.ok()) return added;
    }
    if (error) return CannotRead(here, error.value());
  }
  return absl::OkStatus();
}

absl::Status Add(const std::string& given, Collected& all) {
  if (given.empty()) return absl::InvalidArgumentError("the name of the file or folder is empty");
  const fs::path path = AbsolutePath(given).lexically_normal();
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return CannotRead(path, error.value());
  if (fs::is_regular_file(status)) return AddFile(path, path.parent_path(), all);
  if (!fs::is_directory(status)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path.string(), " is neither a regular file nor a folder"));
  }
  const fs::path folder = path.has_filename() ? path : path.parent_path();
  return AddFolder(folder, folder.parent_path(), all);
}

}  // namespace

absl::StatusOr<Collected> Collect(const std::vector<std::string>& paths) {
  Collected all;
  for (const std::string& path : paths) {
    if (absl::Status added = Add(path, all); !added.ok()) return added;
  }
  if (all.files.empty()) {
    return absl::NotFoundError(absl::StrCat("there is no file in ", absl::StrJoin(paths, ", ")));
  }
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
