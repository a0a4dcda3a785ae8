#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
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
// are counted and tried again with backoff; they never end the thread. A log
// that the sequencer refuses to grow is told when that begins, and counted as a
// failure of every batch; the others go on.
//
// Metrics: sockel_ledger_lag_seconds (age of the oldest entry, of those integrated
// last and those of refused logs; grows while the sequencer fails or refuses a
// log), sockel_ledger_integrated_entries_total,
// sockel_ledger_failures_total, sockel_ledger_refused_logs (with entries that
// wait in vain).
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
  void TellRefused(const Sequencer::Result& result);
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
  metrics::Gauge& refused_logs_;
  std::set<std::string> refused_;
  absl::Duration backoff_ = absl::ZeroDuration();
  std::thread thread_;
};

}  // namespace sockel::ledger
