#include "services/identity/clock/database_clock.h"

#include "services/identity/clock/clock_store.h"

namespace sockel::identity {
namespace {

// The quickest of several tells most: on the way of the others something
// waited, or the statement had to be prepared.
constexpr int kSamples = 3;

}  // namespace

absl::Status DatabaseClock::Synchronize() {
  auto ahead = db_.Read(Caller::System(""), "clock.synchronize",
                        [&](pg::Transaction& tx) -> absl::StatusOr<absl::Duration> {
                          absl::Duration least = absl::InfiniteDuration();
                          absl::Duration best;
                          for (int i = 0; i < kSamples; ++i) {
                            const absl::Time asked = machine_.Now();
                            const absl::Time answer = clock_store::Now(tx);
                            const absl::Duration took = machine_.Now() - asked;
                            if (took >= least) continue;
                            least = took;
                            best = answer - (asked + took / 2);
                          }
                          return best;
                        });
  if (!ahead.ok()) return ahead.status();
  ahead_ns_.store(absl::ToInt64Nanoseconds(*ahead), std::memory_order_relaxed);
  return absl::OkStatus();
}

}  // namespace sockel::identity
