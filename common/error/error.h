#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "sockel/errors/v1/errors.pb.h"

// Errors for the caller: a canonical code, one sentence that says what would
// be right, and a machine-readable reason. They travel as absl::Status through
// the use cases (no gRPC there) and are put on the wire by the dispatcher,
// which also sets ErrorInfo.domain.
namespace sockel::error {

using Metadata = std::initializer_list<std::pair<std::string_view, std::string_view>>;
using errors::v1::CommonReason;

// `reason` is the name of a value of CommonReason or of the service's
// ErrorReason enum. `message` is shown to people: no internals, no SQL. Metadata
// `resource` is the name of what the error is about; clients find it as
// ResourceInfo too.
absl::Status Make(absl::StatusCode code, std::string_view reason, std::string_view message,
                  Metadata metadata = {});
absl::Status Make(absl::StatusCode code, CommonReason reason, std::string_view message,
                  Metadata metadata = {});

// The frequent ones.
absl::Status InvalidField(std::string_view field, std::string_view what_would_be_right);
absl::Status NotFound(std::string_view resource_name);
absl::Status AlreadyExists(std::string_view resource_name);
// ETAG_MISMATCH unless the client gave the current one, or none. The first
// question to a resource that is to be changed: whoever has an old one has not
// seen its state.
absl::Status CheckEtag(std::string_view given, std::string_view current,
                       std::string_view resource_name);
absl::Status FailedPrecondition(std::string_view reason, std::string_view message,
                                Metadata metadata = {});
absl::Status Unavailable(CommonReason reason, std::string_view message,
                         absl::Duration retry_after = absl::Milliseconds(200));
// A defect of ours. `log_message` goes to the log, never to the client.
absl::Status Internal(std::string_view log_message);

// Adds further field violations to an INVALID_ARGUMENT.
void AddFieldViolation(absl::Status& status, std::string_view field, std::string_view description);
// The client may retry after this time.
void SetRetryAfter(absl::Status& status, absl::Duration retry_after);
// For FAILED_PRECONDITION: lists what stands in the way.
void AddPrecondition(absl::Status& status, std::string_view type, std::string_view subject,
                     std::string_view description);

// What was attached; empty/zero when nothing was.
std::string ReasonOf(const absl::Status& status);
absl::Duration RetryAfterOf(const absl::Status& status);
// The text for the log of an Internal() error; else the message itself.
std::string LogMessageOf(const absl::Status& status);

}  // namespace sockel::error
