#pragma once

#include <string>

#include "absl/status/status.h"

namespace sockel::cli {

// What the program ends with. Part of its interface: scripts depend on it.
enum class ExitCode : int {
  kOk = 0,
  kOther = 1,
  kUsage = 2,
  kUnauthenticated = 3,
  kPermissionDenied = 4,
  kNotFound = 5,
  kInvalid = 6,
  kConflict = 7,  // exists, was changed, or is not in the right state
  kUnavailable = 8,
  kVerificationFailed = 9,
};

ExitCode ExitCodeFor(const absl::Status& status);

// The same status, reason and all, with another sentence.
absl::Status WithMessage(const absl::Status& status, const std::string& message);
// The same status, of which Explain() says that this is to be done next.
absl::Status WithNextStep(absl::Status status, const std::string& next);

// For the help text.
extern const char kExitCodesHelp[];

// What to tell the person, ending in what to do next. Several lines.
std::string Explain(const absl::Status& status);
// The same for programs: one line of JSON with code, reason, message, fields.
std::string ExplainJson(const absl::Status& status);

}  // namespace sockel::cli
