#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>

#include <exception>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/caller/authenticator.h"
#include "common/caller/caller.h"
#include "common/error/error.h"
#include "common/rpc/core.h"

namespace sockel::rpc::internal {

// One call on its way. The steps are the same for every kind of RPC; the kinds
// differ in when they take them. Not thread-safe: one step at a time.
class Call {
 public:
  Call(Core& core, const MethodState& method, grpc::CallbackServerContext* context);

  // On the reactor's thread: is it worth beginning, in this pool? Errors:
  // UNAVAILABLE/DRAINING, DEADLINE_EXCEEDED/DEADLINE_TOO_SHORT.
  absl::Status Admit(absl::Duration default_deadline, const WorkerPool& pool);
  // Whether Prepare() will not block.
  bool IsCallerKnown();
  // Authenticates, authorises, validates `request` and brings it into normal
  // form. After it, caller() is complete.
  absl::Status Prepare(google::protobuf::Message& request);
  // For streams, after Prepare(): RESOURCE_EXHAUSTED/OVERLOADED when the tenant
  // has its share of the places.
  absl::Status TakeShare(OpenStream& stream) const;
  // For the later messages of a stream.
  absl::Status ValidateNext(google::protobuf::Message& request) const;
  // The client went away, or its time is up.
  absl::Status StillWanted() const;
  // For streams, between two messages: nobody who was stopped goes on. Errors:
  // UNAUTHENTICATED/TOKEN_REVOKED.
  absl::Status StillAllowed() const;
  // For streams that could wait for ever: whether the token's time is up.
  bool HasExpired() const;

  // Makes gRPC give up what it is about to send. From any thread, until the call
  // concludes.
  void Cancel() { context_->TryCancel(); }

  // INVALID_ARGUMENT/FIELD_INVALID: what came is no message of this method.
  absl::Status Malformed() const;

  // What the client is told; its trailers go to the context.
  grpc::Status OnTheWire(const absl::Status& status);
  // The end: metrics, log line, trailers. What it returns is for Finish().
  grpc::Status Conclude(const absl::Status& status);

  Core& core() const { return core_; }
  const Caller& caller() const { return caller_; }
  const grpc::CallbackServerContext& context() const { return *context_; }

 private:
  Authenticator::Standing Standing() const;
  void ReadMetadata();
  absl::Status Authenticate();
  absl::Status Authorise(const google::protobuf::Message& request);
  absl::Status AuthoriseIn(std::string_view tenant);
  void AddTrailers(const absl::Status& status);

  Core& core_;
  const MethodState& method_;
  grpc::CallbackServerContext* const context_;
  const absl::Time start_;
  grpc::string_ref bearer_;
  bool metadata_read_ = false;
  std::shared_ptr<const Principal> principal_;
  Caller caller_;
};

// RESOURCE_EXHAUSTED/OVERLOADED.
absl::Status Overloaded(const WorkerPool& workers);
// UNAVAILABLE/DRAINING.
absl::Status Draining();
// CANCELLED/CALL_CANCELLED.
absl::Status Cancelled();
// DEADLINE_EXCEEDED/STREAM_IDLE. `what` the client did, as `sent nothing`.
absl::Status Idle(std::string_view what);
// For an exception that reached us: a defect.
absl::Status Escaped(const char* what);

// Runs a use case so that no exception gets past it.
template <typename Fn>
auto Guarded(Fn&& fn) -> decltype(fn()) {
  try {
    return std::forward<Fn>(fn)();
  } catch (const std::exception& e) {
    return Escaped(e.what());
  } catch (...) {
    return Escaped("not a std::exception");
  }
}

// Requests belong to the call, which made them as plain objects; gRPC hands
// them out as const only to protect handlers from each other. Bringing one into
// normal form in place saves a copy of every request.
template <typename Request>
Request& Own(const Request* request) {
  return *const_cast<Request*>(request);
}

}  // namespace sockel::rpc::internal
