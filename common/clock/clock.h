#pragma once

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace sockel {

// Where the time comes from. Injected, so that tests own it (testing/fake_clock.h).
// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

// The machine's clock.
class SystemClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::Now(); }
};

}  // namespace sockel
