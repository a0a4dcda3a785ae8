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

void Purger::PurgeAll() {
  Repeat("recorded answers", [this] {
    return pg::PurgeIdempotencyKeys(database_, clock_.Now() - pg::kIdempotencyKeyLifetime, kBatch);
  });
  Repeat("events", [this] { return PurgeOnce(database_, clock_, keep_); });
}

// A batch at a time, so that a stop waits for one only.
void Purger::Repeat(std::string_view what,
                    const std::function<absl::StatusOr<std::int64_t>()>& batch) {
  do {
    const absl::StatusOr<std::int64_t> purged = batch();
    Warn(what, purged.status());
    if (!purged.ok() || *purged == 0) return;
  } while (Pause(absl::Milliseconds(100)));
}

}  // namespace sockel::events
