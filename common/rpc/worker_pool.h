#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/metrics/metrics.h"

namespace sockel::rpc {

// A fixed number of threads behind a bounded queue. What does not fit is
// refused at once: a queue that grows only makes everybody late.
//
// Besides its length the queue is limited by time: when the work accepted
// already is expected to take longer than `max_wait` to reach a thread (by the
// measured duration of recent tasks), new work is refused, so that what is
// accepted keeps its latency under overload. Four tasks a thread may always
// wait: a burst is no overload.
//
// Thread-safe.
class WorkerPool {
 public:
  struct Options {
    int threads = 16;
    int queue = 256;  // most tasks waiting
    absl::Duration max_wait = absl::Milliseconds(50);
    std::string name = "rpc";  // metric label
  };

  // Something to do. Belongs to whoever made it; the pool never deletes it and
  // does not touch it once Run() was entered. Queued at most once at a time.
  class Task {
   public:
    virtual ~Task() = default;
    virtual void Run() = 0;

   private:
    friend class WorkerPool;
    Task* next_ = nullptr;
  };

  WorkerPool(const Options& options, metrics::Registry& metrics);
  // Runs what is queued, then ends the threads.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False, without blocking, when the queue is full.
  [[nodiscard]] bool TrySubmit(Task& task);
  // For the next step of something admitted already, such as a stream: never
  // refused. Its number must be bounded by whoever admits.
  void SubmitAdmitted(Task& task);

  // Tasks that wait for a thread.
  int queued() const { return load_->queued.load(std::memory_order_relaxed); }
  // What a task submitted now would wait, roughly.
  absl::Duration ExpectedWait() const;

 private:
  // Shared with the gauges, which may be read after the pool is gone.
  struct Load {
    std::atomic<int> queued{0};
    std::atomic<int> busy{0};
    std::atomic<int64_t> average_ns{0};  // moving average of a task's duration
  };

  void Work();
  bool IsFull() const;
  void Push(Task& task) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Null when the pool ends.
  Task* Pop();
  void Measure(int64_t start_ns);

  const Options options_;
  const std::shared_ptr<Load> load_ = std::make_shared<Load>();
  metrics::Counter& refused_;
  mutable absl::Mutex mutex_;
  absl::CondVar work_;
  Task* head_ ABSL_GUARDED_BY(mutex_) = nullptr;
  Task* tail_ ABSL_GUARDED_BY(mutex_) = nullptr;
  int idle_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace sockel::rpc
