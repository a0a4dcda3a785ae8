#include "services/efile/content/file_listing.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include <re2/re2.h>

#include "absl/strings/str_cat.h"
#include "services/efile/content/posix_file.h"

namespace sockel::efile {
namespace {

// A content, as content or part or, for a moment, both.
struct Found {
  std::string id;
  absl::Time changed;
};

// Sorted. Nothing for what is no folder: whatever else lies in the store is not
// ours.
absl::StatusOr<std::vector<std::string>> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  std::filesystem::directory_iterator entry(folder, failed);
  if (failed.value() == ENOTDIR) return names;
  for (; !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed)) {
    names.push_back(entry->path().filename().string());
  }
  if (failed) return FromErrno(failed.value(), "list", folder);
  std::sort(names.begin(), names.end());
  return names;
}

bool IsLeafFolder(const std::string& name) {
  static const RE2 pattern("[0-9a-f]{2}");
  return RE2::FullMatch(name, pattern);
}

// Which folder, to compare.
auto FolderOf(const Place& place) { return std::tie(place.tenant, place.folder); }

// The folders with files, in the store's order.
absl::StatusOr<std::vector<Place>> LeafFolders(const std::string& root) {
  absl::StatusOr<std::vector<std::string>> tenants = NamesIn(root);
  if (!tenants.ok()) return tenants.status();
  std::vector<Place> folders;
  for (const std::string& tenant : *tenants) {
    if (!IsTenantFolder(tenant)) continue;
    absl::StatusOr<std::vector<std::string>> names = NamesIn(absl::StrCat(root, "/", tenant));
    if (!names.ok()) return names.status();
    for (const std::string& name : *names) {
      if (IsLeafFolder(name)) folders.push_back({tenant, name, ""});
    }
  }
  return folders;
}

// What cannot be told counts as changed in the future: it is never old.
absl::Time ChangeTime(const std::string& path) {
  struct stat info;
  if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return absl::InfiniteFuture();
  return absl::TimeFromTimespec(info.st_mtim);
}

// The contents in a folder from place.id on, at most `room` of them; `place` is
// then where to go on in this folder, or has no id when it was read to its end.
absl::StatusOr<std::vector<Found>> LookInto(const std::string& root, Place& place,
                                            std::size_t room) {
  const std::string folder = absl::StrCat(root, "/", place.tenant, "/", place.folder);
  absl::StatusOr<std::vector<std::string>> names = NamesIn(folder);
  if (!names.ok()) return names.status();
  std::vector<Found> found;
  for (const std::string& name : *names) {
    const std::string id = name.substr(0, name.find('.'));
    const bool ours = IsContentFile(id) && (name == id || name == id + std::string(kPartSuffix));
    if (!ours || id < place.id) continue;
    const absl::Time changed = ChangeTime(absl::StrCat(folder, "/", name));
    if (!found.empty() && found.back().id == id) {
      found.back().changed = std::max(found.back().changed, changed);
    } else if (found.size() == room) {
      place.id = id;
      return found;
    } else {
      found.push_back({id, changed});
    }
  }
  place.id.clear();
  return found;
}

}  // namespace

bool IsTenantFolder(const std::string& name) {
  static const RE2 pattern("[a-z][a-z0-9-]{1,39}");
  return RE2::FullMatch(name, pattern);
}

bool IsContentFile(const std::string& id) {
  static const RE2 pattern("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  return RE2::FullMatch(id, pattern);
}

absl::StatusOr<Stretch> ListFiles(const std::string& root, absl::Time before, const Place& begin,
                                  std::size_t limit) {
  absl::StatusOr<std::vector<Place>> folders = LeafFolders(root);
  if (!folders.ok()) return folders.status();
  Stretch stretch;
  std::size_t looked = 0;
  for (const Place& folder : *folders) {
    if (FolderOf(folder) < FolderOf(begin)) continue;
    if (looked >= limit) {
      stretch.next = folder;
      return stretch;
    }
    Place place = folder;
    if (FolderOf(folder) == FolderOf(begin)) place.id = begin.id;
    absl::StatusOr<std::vector<Found>> found = LookInto(root, place, limit - looked);
    if (!found.ok()) return found.status();
    for (Found& content : *found) {
      if (content.changed > before) continue;
      stretch.unchanged.push_back({folder.tenant, std::move(content.id)});
    }
    // Also an empty folder is a look, so that the work is bounded.
    looked += std::max<std::size_t>(found->size(), 1);
    if (!place.id.empty()) {
      stretch.next = place;
      return stretch;
    }
  }
  return stretch;
}

}  // namespace sockel::efile
