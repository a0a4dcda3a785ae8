#pragma once

#include <string>

#include "absl/time/time.h"

namespace sockel::catalog {

// Position in a list of newest first; as text `<create time in µs>/<id>`.
struct ListPosition {
  absl::Time create_time = absl::InfiniteFuture();
  std::string id = "ffffffff-ffff-ffff-ffff-ffffffffffff";

  static ListPosition From(const std::string& text);
  std::string ToString() const;
};

}  // namespace sockel::catalog
