#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "tools/sockel/session.h"

namespace sockel::cli {

// The name of a user that was given as name, id or login of the tenant. Logins
// are asked for: NOT_FOUND when nobody has it, PERMISSION_DENIED for whoever may
// not list users.
absl::StatusOr<std::string> ResolveUser(Session& session, const std::string& user);

}  // namespace sockel::cli
