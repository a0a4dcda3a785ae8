#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/caller/caller.h"
#include "common/error/grpc_status.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"

namespace google::protobuf {
class Message;
}

// Calls from C++ in one line:
//
//   absl::StatusOr<Dossier> dossier = client::Unary(
//       *stub, &DossierService::Stub::GetDossier, request, {.caller = &caller});
//
// The error, if any, carries the details the server sent (common/error). A call
// whose token is refused is made once more, with the next one.
namespace sockel::client {

struct CallOptions {
  // Longest wait, retries included.
  absl::Duration timeout = absl::Seconds(10);
  // The call this one is part of, or null: its deadline bounds this one, its
  // trace is continued.
  const Caller* caller = nullptr;
  // Token for this call instead of the channel's.
  std::string bearer;
  // Wait for the server to come up, instead of failing at once.
  bool wait_for_ready = false;
};

// Sets deadline, trace and token. For streams and callback calls; Unary does it
// by itself.
void Prepare(grpc::ClientContext& context, const CallOptions& options);

// Puts a new UUIDv4 into `request_id` when the message has such a field and it
// is empty, so that a retry is recognised.
void FillRequestId(google::protobuf::Message& request);

// INVALID_ARGUMENT/MESSAGE_TOO_LARGE for a message that no server of the suite
// takes.
absl::Status CheckSize(const google::protobuf::Message& request);

// The server refused the channel's token, which was good when it was given out:
// TOKEN_REVOKED (its owner has other roles now, or was stopped and let go on) or
// TOKEN_EXPIRED. Nothing was done, and the channel's source gives no such token
// out again, unless it is younger than five seconds: it has another one, or says
// why not.
bool NeedsAnotherToken(const absl::Status& status, const CallOptions& options);

template <typename Stub, typename StubBase, typename Request, typename Response>
absl::StatusOr<Response> Unary(Stub& stub,
                               grpc::Status (StubBase::*method)(grpc::ClientContext*,
                                                                const Request&, Response*),
                               Request request, const CallOptions& options = {}) {
  FillRequestId(request);
  if (absl::Status size = CheckSize(request); !size.ok()) return size;
  const auto once = [&](const CallOptions& with) -> absl::StatusOr<Response> {
    grpc::ClientContext context;
    Prepare(context, with);
    Response response;
    grpc::Status status = (stub.*method)(&context, request, &response);
    if (!status.ok()) return error::FromGrpc(status);
    return response;
  };
  const absl::Time start = absl::Now();
  absl::StatusOr<Response> answer = once(options);
  if (!NeedsAnotherToken(answer.status(), options)) return answer;
  CallOptions rest = options;
  rest.timeout -= absl::Now() - start;
  return once(rest);
}

}  // namespace sockel::client
