#include "common/ledger/sequencer_worker.h"

#include <algorithm>
#include <utility>

namespace sockel::ledger {

SequencerWorker::SequencerWorker(Sequencer& sequencer, metrics::Registry& metrics, Options options)
    : sequencer_(sequencer),
      options_(std::move(options)),
      integrated_(metrics.Counter("sockel_ledger_integrated_entries_total",
                                  "Audit entries that got their place in the log")),
      failures_(metrics.Counter("sockel_ledger_failures_total",
                                "Batches of the log's sequencer that failed, or had to leave a "
                                "tenant's log as it is")),
      lag_(metrics.Gauge("sockel_ledger_lag_seconds",
                         "Age of the oldest audit entry when it was integrated, or of one that "
                         "waits in vain; grows while the sequencer fails or refuses a log")),
      refused_logs_(metrics.Gauge("sockel_ledger_refused_logs",
                                  "Tenants' logs that are not continued, because the database "
                                  "holds another head than was signed")),
      thread_([this] { Run(); }) {}

SequencerWorker::~SequencerWorker() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void SequencerWorker::Wake() {
  absl::MutexLock lock(&mutex_);
  awake_ = true;
}

bool SequencerWorker::stopping() const {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

void SequencerWorker::Run() {
  while (!stopping()) {
    const absl::Duration pause = RunOnce();
    WaitFor(pause, backoff_ > absl::ZeroDuration() ? pause : options_.spacing);
  }
}

absl::Duration SequencerWorker::RunOnce() {
  const absl::StatusOr<Sequencer::Result> result = sequencer_.IntegrateBatch();
  if (!result.ok()) {
    failures_.Increment();
    if (options_.on_failure) options_.on_failure(result.status());
    backoff_ = std::clamp(backoff_ * 2, options_.spacing, options_.most_backoff);
    lag_.Increment(absl::ToDoubleSeconds(backoff_));
    return backoff_;
  }
  backoff_ = absl::ZeroDuration();
  integrated_.Increment(static_cast<double>(result->entries));
  // Who does not lead does not see what waits in vain: what was seen last stands.
  if (result->outcome != Sequencer::Outcome::kNotLeader || refused_.empty()) {
    lag_.Set(absl::ToDoubleSeconds(result->lag));
  }
  TellRefused(*result);
  switch (result->outcome) {
    case Sequencer::Outcome::kIntegrated:
      return options_.spacing;  // there may be more
    case Sequencer::Outcome::kNotLeader:
      return options_.spacing * 5;  // the leader may have looked before the entry was there
    case Sequencer::Outcome::kIdle:
      break;
  }
  return options_.interval;
}

void SequencerWorker::TellRefused(const Sequencer::Result& result) {
  if (result.outcome == Sequencer::Outcome::kNotLeader) return;  // nothing was looked at
  if (!result.refused.empty()) failures_.Increment();
  refused_logs_.Set(static_cast<double>(result.refused.size()));
  std::set<std::string> refused;
  for (const auto& [tenant, why] : result.refused) {
    refused.insert(tenant);
    if (refused_.count(tenant) == 0 && options_.on_failure) options_.on_failure(why);
  }
  refused_ = std::move(refused);
}

// Waits for `pause`, or until woken, but at least `at_least`.
void SequencerWorker::WaitFor(absl::Duration pause, absl::Duration at_least) {
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&stopping_), at_least);
  mutex_.AwaitWithTimeout(absl::Condition(
                              +[](SequencerWorker* self) ABSL_EXCLUSIVE_LOCKS_REQUIRED(
                                   self->mutex_) { return self->awake_ || self->stopping_; },
                              this),
                          pause - at_least);
  awake_ = false;
}

}  // namespace sockel::ledger
