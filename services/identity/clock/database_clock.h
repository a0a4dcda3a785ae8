#pragma once

#include <atomic>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/clock/clock.h"
#include "common/pg/database.h"

namespace sockel::identity {

// The database's time, without asking it each time: that of this machine, put
// right by the difference found last. Tokens and revocations are dated by it.
// Whether a token is older than a revocation is a matter of milliseconds, and
// by their own clocks two replicas would disagree about it. Thread-safe.
class DatabaseClock final : public Clock {
 public:
  // Before the first Synchronize() it is the machine's time.
  DatabaseClock(pg::Database& db, const Clock& machine) : db_(db), machine_(machine) {}

  absl::Time Now() const override {
    return machine_.Now() + absl::Nanoseconds(ahead_ns_.load(std::memory_order_relaxed));
  }

  // Finds the difference anew, to about half a round trip. On failure the one
  // known stays.
  absl::Status Synchronize();

 private:
  pg::Database& db_;
  const Clock& machine_;
  std::atomic<int64_t> ahead_ns_{0};
};

}  // namespace sockel::identity
