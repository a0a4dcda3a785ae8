#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "tools/sockel/session.h"

namespace sockel::cli {

// The name of a dossier that was given as name, id or reference number
// (`413-1/17/2025`). NOT_FOUND when no dossier has that reference.
absl::StatusOr<std::string> ResolveDossier(Session& session, const std::string& dossier);

}  // namespace sockel::cli
