#include "tools/bench/load.h"

#include <algorithm>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"

namespace sockel::bench {
namespace {

absl::Duration Percentile(std::vector<int64_t>& nanos, double share) {
  if (nanos.empty()) return absl::ZeroDuration();
  const auto index = static_cast<std::ptrdiff_t>(share * static_cast<double>(nanos.size() - 1));
  std::nth_element(nanos.begin(), nanos.begin() + index, nanos.end());
  return absl::Nanoseconds(nanos[static_cast<size_t>(index)]);
}

// Collects what ended between two moments.
class Recorder {
 public:
  Recorder(absl::Time from, absl::Time to) : from_(from), to_(to) {}

  void Record(const Outcome& outcome, absl::Time start, absl::Time end) {
    if (end < from_ || end > to_) return;
    absl::MutexLock lock(&mutex_);
    if (outcome.ok) {
      ok_.push_back(absl::ToInt64Nanoseconds(end - start));
    } else if (outcome.refused) {
      refused_.push_back(absl::ToInt64Nanoseconds(end - start));
    } else {
      ++failed_;
    }
  }

  Measured Result() {
    absl::MutexLock lock(&mutex_);
    const double seconds = absl::ToDoubleSeconds(to_ - from_);
    return {.rate = static_cast<double>(ok_.size()) / seconds,
            .refused_rate = static_cast<double>(refused_.size()) / seconds,
            .failed = static_cast<double>(failed_),
            .p50 = Percentile(ok_, 0.50),
            .p99 = Percentile(ok_, 0.99),
            .refused_p99 = Percentile(refused_, 0.99)};
  }

 private:
  const absl::Time from_;
  const absl::Time to_;
  absl::Mutex mutex_;
  std::vector<int64_t> ok_ ABSL_GUARDED_BY(mutex_);
  std::vector<int64_t> refused_ ABSL_GUARDED_BY(mutex_);
  int64_t failed_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Counts calls that are out, and waits for the last one. May be destroyed when
// WaitForNone returns.
class Open {
 public:
  void Add() {
    absl::MutexLock lock(&mutex_);
    ++count_;
  }
  void Remove() {
    absl::MutexLock lock(&mutex_);
    --count_;
  }
  size_t count() const {
    absl::MutexLock lock(&mutex_);
    return count_;
  }
  void WaitForNone() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](size_t* count) { return *count == 0; }, &count_));
  }

 private:
  mutable absl::Mutex mutex_;
  size_t count_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

Outcome OutcomeOf(const grpc::Status& status) {
  return {.ok = status.ok(), .refused = status.error_code() == grpc::RESOURCE_EXHAUSTED};
}

Measured ClosedLoop(const StartCall& start, size_t concurrency, absl::Duration time) {
  const absl::Time begin = absl::Now() + time / 5;
  const absl::Time end = begin + time;
  Recorder recorder(begin, end);
  Open open;
  std::function<void(size_t)> next = [&](size_t slot) {
    const absl::Time started = absl::Now();
    if (started >= end) {
      open.Remove();
      return;
    }
    start(slot, [&, slot, started](Outcome outcome) {
      recorder.Record(outcome, started, absl::Now());
      next(slot);
    });
  };
  for (size_t slot = 0; slot < concurrency; ++slot) open.Add();
  for (size_t slot = 0; slot < concurrency; ++slot) next(slot);
  open.WaitForNone();
  return recorder.Result();
}

Measured OpenLoop(const StartCall& start, double rate, size_t most_open, absl::Duration time) {
  const absl::Time first = absl::Now();
  const absl::Time begin = first + time / 5;
  const absl::Time end = begin + time;
  Recorder recorder(begin, end);
  Open open;
  size_t sent = 0;
  for (absl::Time now = first; now < end; now = absl::Now()) {
    const auto due = static_cast<size_t>(absl::ToDoubleSeconds(now - first) * rate);
    while (sent < due && open.count() < most_open) {
      open.Add();
      const absl::Time started = absl::Now();
      start(sent++, [&, started](Outcome outcome) {
        recorder.Record(outcome, started, absl::Now());
        open.Remove();
      });
    }
    // Calls that could not be sent are not made up for: the load stays as asked.
    sent = std::max(sent, due);
    absl::SleepFor(absl::Microseconds(500));
  }
  open.WaitForNone();
  return recorder.Result();
}

}  // namespace sockel::bench
