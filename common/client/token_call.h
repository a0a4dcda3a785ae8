#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/error/error.h"
#include "common/error/grpc_status.h"
#include "grpcpp/client_context.h"

namespace sockel::client {

// Whoever waits for a token waits this long at most.
inline constexpr absl::Duration kTokenTimeout = absl::Seconds(3);

// One call to identity without a thread. `start` passes the pieces, which live
// until `done` was called, to the stub's callback method. A short absence of
// identity is waited out.
template <typename Request, typename Response, typename Start>
void StartTokenCall(Request request, Start start,
                    std::function<void(absl::StatusOr<Response>)> done) {
  struct Call {
    grpc::ClientContext context;
    Request request;
    Response response;
  };
  auto call = std::make_shared<Call>();
  call->request = std::move(request);
  call->context.set_deadline(absl::ToChronoTime(absl::Now() + kTokenTimeout));
  call->context.set_wait_for_ready(true);
  start(&call->context, &call->request, &call->response,
        [call, done = std::move(done)](grpc::Status status) {
          // Nobody there until the deadline: that is worth another try.
          if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED ||
              status.error_code() == grpc::StatusCode::UNAVAILABLE) {
            return done(error::Unavailable(error::CommonReason::DEPENDENCY_UNAVAILABLE,
                                           "identity does not answer"));
          }
          if (!status.ok()) return done(error::FromGrpc(status));
          done(std::move(call->response));
        });
}

}  // namespace sockel::client
