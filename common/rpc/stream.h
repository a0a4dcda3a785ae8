#pragma once

#include <functional>
#include <memory>

#include "absl/status/statusor.h"

// What use cases give to, or take from, a streaming RPC. No gRPC here: they
// are tested without a server. All methods are called on a worker, one at a
// time, never concurrently for one stream; blocking on the database is fine.
namespace sockel::rpc {

enum class Pull {
  kMessage,  // `out` was filled
  kEnd,      // no more; the stream ends OK
  kWait,     // nothing now; `wake` will be called once when it is worth asking
};

// Answers of a server-streaming RPC. Asked for the next message only when the
// client took the one before: flow control without a buffer.
template <typename Response>
class Source {
 public:
  virtual ~Source() = default;
  // `wake` may be called from any thread, at once or later, and is safe to call
  // after the stream ended. An idle stream holds no thread. An error ends the
  // stream with it. The destructor runs when the client went away.
  virtual absl::StatusOr<Pull> Next(Response& out, const std::function<void()>& wake) = 0;
};

// Takes the messages of a client-streaming RPC.
template <typename Request, typename Response>
class Sink {
 public:
  virtual ~Sink() = default;
  // One message, in order, after validation. An error ends the stream with it.
  virtual absl::Status Write(const Request& request) = 0;
  // The client has sent everything. Not called when it went away: then only
  // the destructor runs.
  virtual absl::StatusOr<Response> Finish() = 0;
};

template <typename Response>
using SourceOr = absl::StatusOr<std::unique_ptr<Source<Response>>>;
template <typename Request, typename Response>
using SinkOr = absl::StatusOr<std::unique_ptr<Sink<Request, Response>>>;

}  // namespace sockel::rpc
