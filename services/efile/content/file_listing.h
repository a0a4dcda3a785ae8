#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/efile/content/content_store.h"

// How the names of a FileStore's files are made, and what it holds by them.
namespace sockel::efile {

// What the name of a part has behind the id.
inline constexpr std::string_view kPartSuffix = ".part";

// Whether a name is one of ours; nothing else is ever made, opened or removed.
bool IsTenantFolder(const std::string& name);
bool IsContentFile(const std::string& id);  // without kPartSuffix

// A stretch of the store below `root`, see ContentStore::ListUnchanged():
// unchanged is what was last changed at `before` or earlier. Files that are not
// the store's are passed over. INTERNAL when a folder cannot be read.
absl::StatusOr<Stretch> ListFiles(const std::string& root, absl::Time before, const Place& begin,
                                  std::size_t limit);

}  // namespace sockel::efile
