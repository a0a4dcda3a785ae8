#include "common/events/purger.h"

#include "common/error/error.h"
#include "common/events/event_store.h"
#include "common/log/log.h"
#include "common/pg/idempotency.h"

namespace sockel::events {
namespace {

// Answers, and events of each tenant, at a time: short transactions.
constexpr int kBatch = 1000;

// The next round tries again.
void Warn(std::string_view what, const absl::Status& status) {
  if (status.ok()) return;
  log::Warning("purging failed", {{"what", what}, {"error", error::LogMessageOf(status)}});
}

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
  do {
    PurgeAll();
  } while (Pause(interval_));
}

// A batch of each at a time, so that a stop never waits for a long purge.
void Purger::PurgeAll() {
  std::int64_t purged = 0;
  do {
    const absl::StatusOr<std::int64_t> answers =
        pg::PurgeIdempotencyKeys(database_, clock_.Now() - pg::kIdempotencyKeyLifetime, kBatch);
    Warn("recorded answers", answers.status());
    const absl::StatusOr<std::int64_t> events = PurgeOnce(database_, clock_, keep_);
    Warn("events", events.status());
    purged = answers.value_or(0) + events.value_or(0);
  } while (purged > 0 && Pause(absl::Milliseconds(100)));
}

}  // namespace sockel::events
