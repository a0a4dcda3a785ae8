#pragma once

#include <string_view>

#include "absl/status/status.h"

// What people read and trust must look like what it is. Both refuse control
// characters, bidirectional ones, those that show nothing (zero-width ones,
// variation selectors, fillers: Default_Ignorable_Code_Point, UAX #44), private
// and unassigned code points. INVALID_ARGUMENT names `field`.
namespace sockel::identity {

// The name of a person, a tenant or an application: besides, at least one
// character that is no space.
absl::Status CheckDisplayName(std::string_view field, std::string_view name);

// An e-mail address whose form was checked by a pattern, which knows the spaces
// of ASCII only: besides, no space of any kind. An empty one is left alone.
absl::Status CheckEmail(std::string_view field, std::string_view email);

}  // namespace sockel::identity
