#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace sockel::identity {

// Names that people read and trust must look like what they are: refuses
// control characters, bidirectional and zero-width ones, private and unassigned
// code points, and names of nothing but spaces. INVALID_ARGUMENT names `field`.
absl::Status CheckDisplayName(std::string_view field, std::string_view name);

}  // namespace sockel::identity
