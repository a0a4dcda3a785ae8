#pragma once

#include <grpcpp/support/status.h>

#include <string_view>

#include "absl/status/status.h"

// Errors on the wire: google.rpc.Status with its details in the trailer
// `grpc-status-details-bin`.
namespace sockel::error {

// Exactly one ErrorInfo, with `domain`; an error without a reason gets the
// canonical code's name as its reason. INTERNAL and UNKNOWN lose their message:
// the client reads "internal error" and the trace id to ask with.
grpc::Status ToGrpc(const absl::Status& status, std::string_view domain,
                    std::string_view trace_id = {});

// As received by a client; the details become payloads, so that ReasonOf() and
// RetryAfterOf() answer.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace sockel::error
