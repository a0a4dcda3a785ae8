#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace sockel::identity {

// The name of a person, a tenant or an application must look like what it is: no
// control characters, bidirectional ones, those that show nothing (zero-width
// ones, variation selectors, fillers: Default_Ignorable_Code_Point, UAX #44),
// private and unassigned code points; at least one character that is no space.
// INVALID_ARGUMENT names `field`.
absl::Status CheckDisplayName(std::string_view field, std::string_view name);

// INVALID_ARGUMENT unless mail can be sent to it (text::IsEmailAddress), or it is
// empty.
absl::Status CheckEmail(std::string_view field, std::string_view email);

}  // namespace sockel::identity
