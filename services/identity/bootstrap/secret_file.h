#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace sockel::identity {

// The file's text without trailing line ends. NOT_FOUND, or INVALID_ARGUMENT
// when it is empty or cannot be read; both name the file.
absl::StatusOr<std::string> ReadSecretFile(const std::string& path);

// The same; a file that is not there is made first, with what `make` returns,
// readable by its owner only.
absl::StatusOr<std::string> ReadOrMakeSecretFile(const std::string& path,
                                                 const std::function<std::string()>& make);

}  // namespace sockel::identity
