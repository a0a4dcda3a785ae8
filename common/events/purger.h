#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/clock/clock.h"
#include "common/pg/database.h"

namespace sockel::events {

// Deletes events older than `keep`, a few at a time. Returns how many; zero
// when all is done. A cursor before them is refused from then on. Replicas may
// do it at the same time.
absl::StatusOr<std::int64_t> PurgeOnce(pg::Database& database, const Clock& clock,
                                       absl::Duration keep);

// Does so at once and then every `interval`, in a thread of its own; and deletes
// with it what ages in every service besides its events, the recorded answers
// (common/pg/idempotency.h): they hold personal data.
class Purger {
 public:
  Purger(pg::Database& database, const Clock& clock, absl::Duration keep = absl::Hours(24 * 30),
         absl::Duration interval = absl::Minutes(10));
  ~Purger();
  Purger(const Purger&) = delete;
  Purger& operator=(const Purger&) = delete;

 private:
  void Run();
  void PurgeAll();
  // Until nothing is left, a batch fails, or it is time to stop.
  void Repeat(std::string_view what, const std::function<absl::StatusOr<std::int64_t>()>& batch);
  // False when it is time to stop.
  bool Pause(absl::Duration duration);

  pg::Database& database_;
  const Clock& clock_;
  const absl::Duration keep_;
  const absl::Duration interval_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sockel::events
