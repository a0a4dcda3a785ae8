#pragma once

#include <cstdint>
#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/ledger/sequencer.h"
#include "common/metrics/metrics.h"

namespace sockel::ledger {

// Runs the sequencer in a thread of its own, from construction to destruction.
// Works when woken and, for entries of other processes, on a timer. Failures
// are counted and tried again with backoff; they never end the thread.
//
// Metrics: sockel_ledger_lag_seconds (age of the oldest entry integrated last;
// grows while the sequencer fails), sockel_ledger_integrated_entries_total,
// sockel_ledger_failures_total.
class SequencerWorker {
 public:
  struct Options {
    // Look at least this often.
    absl::Duration interval = absl::Milliseconds(500);
    // Least time between two batches: entries that come meanwhile share one
    // batch and one signature.
    absl::Duration spacing = absl::Milliseconds(20);
    // Longest pause after failures.
    absl::Duration most_backoff = absl::Seconds(5);
    // Told every failure, for the log; may be empty.
    std::function<void(const absl::Status&)> on_failure;
  };

  SequencerWorker(Sequencer& sequencer, metrics::Registry& metrics, Options options);
  ~SequencerWorker();
  SequencerWorker(const SequencerWorker&) = delete;
  SequencerWorker& operator=(const SequencerWorker&) = delete;

  // There is something to integrate. Never blocks; any thread.
  void Wake();

 private:
  void Run();
  // What to wait before the next look.
  absl::Duration RunOnce();
  void WaitFor(absl::Duration pause, absl::Duration at_least);
  bool stopping() const;

  Sequencer& sequencer_;
  const Options options_;
  metrics::Counter& integrated_;
  metrics::Counter& failures_;
  mutable absl::Mutex mutex_;
  bool awake_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // Of the worker's thread only.
  metrics::Gauge& lag_;
  absl::Duration backoff_ = absl::ZeroDuration();
  std::thread thread_;
};

}  // namespace sockel::ledger
