#pragma once

#include <string_view>

#include "absl/types/span.h"

namespace sockel {

// A text file compiled into the binary by sockel_embed() (see SockelBuild.cmake).
struct EmbeddedFile {
  std::string_view name;  // without folders, e.g. "0001_users.sql"
  std::string_view text;
};

}  // namespace sockel
