#include "common/events/purger.h"

#include "common/events/event_store.h"

namespace sockel::events {
namespace {

// Of each tenant at a time: short transactions.
constexpr int kBatch = 1000;

}  // namespace

absl::StatusOr<std::int64_t> PurgeOnce(pg::Database& database, const Clock& clock,
                                       absl::Duration keep) {
  return database.Write(Caller::System("*"), "events.purge",
                        [&](pg::WriteTransaction& tx) -> absl::StatusOr<std::int64_t> {
                          return PurgeBefore(tx, clock.Now() - keep, kBatch);
                        });
}

Purger::Purger(pg::Database& database, const Clock& clock, absl::Duration keep,
               absl::Duration interval)
    : database_(database), clock_(clock), keep_(keep), interval_(interval), thread_([this] {
        Run();
      }) {}

Purger::~Purger() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

bool Purger::Pause(absl::Duration duration) {
  absl::MutexLock lock(&mutex_);
  return !mutex_.AwaitWithTimeout(absl::Condition(&stopping_), duration);
}

void Purger::Run() {
  while (Pause(interval_)) {
    // A failure is not told: the next round tries again.
    while (true) {
      const absl::StatusOr<std::int64_t> purged = PurgeOnce(database_, clock_, keep_);
      if (!purged.ok() || *purged == 0 || !Pause(absl::Milliseconds(100))) break;
    }
  }
}

}  // namespace sockel::events
