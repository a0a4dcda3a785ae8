#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "absl/time/time.h"

// Load generators over asynchronous calls: no thread per call, so that the
// client costs as little of the two cores as it can.
namespace sockel::bench {

// What one call ended with, told by the figure's call function.
struct Outcome {
  bool ok = false;
  bool refused = false;  // RESOURCE_EXHAUSTED: the server said that it is full
};
using Done = std::function<void(Outcome)>;
// Starts one call and returns; `done` is called once, on any thread. `slot` is
// below the concurrency: for a channel or buffer of its own.
using StartCall = std::function<void(size_t slot, Done done)>;

struct Measured {
  double rate = 0;          // OK answers a second
  double refused_rate = 0;  // refusals a second
  double failed = 0;        // other errors, in all
  absl::Duration p50, p99;  // of OK answers
  absl::Duration refused_p99;
};

// As many calls as `concurrency` at any time, for `time`, after a warm-up of a
// fifth of it.
Measured ClosedLoop(const StartCall& start, size_t concurrency, absl::Duration time);

// `rate` calls a second, whatever becomes of them, with at most `most_open`
// outstanding (beyond that the generator falls behind and says so by a lower
// total).
Measured OpenLoop(const StartCall& start, double rate, size_t most_open, absl::Duration time);

// The outcome of a gRPC status.
Outcome OutcomeOf(const grpc::Status& status);

// What an asynchronous call is given to end with. It owns the call, whose
// context owns a share of the channel, and lets go of it before it says `done`:
// a channel must not end on one of gRPC's own threads, which would wait for
// itself.
template <typename Call>
std::function<void(grpc::Status)> WhenDone(std::shared_ptr<Call> call, Done done) {
  return [call = std::move(call), done = std::move(done)](const grpc::Status& status) mutable {
    const Outcome outcome = OutcomeOf(status);
    call.reset();
    done(outcome);
  };
}

}  // namespace sockel::bench
