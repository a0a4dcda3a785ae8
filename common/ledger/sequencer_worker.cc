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
                                "Batches of the log's sequencer that failed")),
      lag_(metrics.Gauge("sockel_ledger_lag_seconds",
                         "Age of the oldest audit entry when it was integrated; grows while the "
                         "sequencer fails")),
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
  lag_.Set(absl::ToDoubleSeconds(result->lag));
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
