#pragma once

#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/clock/clock.h"

namespace sockel::identity {

struct AddressBudgetOptions {
  // Failed attempts an address may make at once, and how long until it may
  // make one more.
  int failures = 100;
  absl::Duration refill = absl::Seconds(30);
  // Addresses remembered.
  size_t addresses = 100'000;
};

// How often one network address may be wrong. It comes before the back-off of
// single accounts, so that nobody can lock out a whole ministry from one place:
// a login is blocked for a quarter of an hour at most, and what an address may
// fail in that time, 30 times, is the number of logins it can keep blocked.
// Counted per replica; only failures cost. IPv6 counts by /64, what one customer
// gets. Thread-safe.
//
// Addresses are Caller::peer, `ipv4:192.0.2.1` and `ipv6:%5B2001:db8::1%5D`, or
// bare ones.
class AddressBudget {
 public:
  AddressBudget(const AddressBudgetOptions& options, const Clock& clock)
      : options_(options), clock_(clock) {}

  // RESOURCE_EXHAUSTED/TOO_MANY_ATTEMPTS with RetryInfo when it is used up.
  absl::Status Check(std::string_view address) ABSL_LOCKS_EXCLUDED(mutex_);
  void RecordFailure(std::string_view address) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // When the budget would be whole again; the nearer, the more is left.
  using WholeTimes = absl::flat_hash_map<std::string, absl::Time>;
  void MakeRoom(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const AddressBudgetOptions options_;
  const Clock& clock_;
  absl::Mutex mutex_;
  WholeTimes whole_at_ ABSL_GUARDED_BY(mutex_);
};

// RESOURCE_EXHAUSTED/TOO_MANY_ATTEMPTS, to be retried after `wait`.
absl::Status TooManyAttempts(absl::Duration wait);

}  // namespace sockel::identity
