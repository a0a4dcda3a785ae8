#include "common/rpc/worker_pool.h"

#include "absl/time/clock.h"

namespace sockel::rpc {
namespace {

constexpr int kAlwaysPerThread = 4;

}  // namespace

WorkerPool::WorkerPool(const Options& options, metrics::Registry& metrics)
    : options_(options),
      refused_(metrics.Counter("sockel_workers_refused_total",
                               "Tasks refused because the queue was full or too slow.",
                               {{"pool", options.name}})) {
  const auto load = load_;
  const metrics::Labels labels = {{"pool", options.name}};
  metrics.Gauge("sockel_workers", "Threads of the pool.", labels).Set(options.threads);
  metrics.ComputedGauge("sockel_workers_queued", "Tasks waiting for a thread.", labels,
                        [load] { return static_cast<double>(load->queued.load()); });
  metrics.ComputedGauge("sockel_workers_busy", "Threads at work.", labels,
                        [load] { return static_cast<double>(load->busy.load()); });
  for (int i = 0; i < options.threads; ++i) threads_.emplace_back([this] { Work(); });
}

WorkerPool::~WorkerPool() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    work_.SignalAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

bool WorkerPool::TrySubmit(Task& task) {
  {
    absl::MutexLock lock(&mutex_);
    if (!IsFull()) {
      Push(task);
      return true;
    }
  }
  refused_.Increment();
  return false;
}

void WorkerPool::SubmitAdmitted(Task& task) {
  absl::MutexLock lock(&mutex_);
  Push(task);
}

absl::Duration WorkerPool::ExpectedWait() const {
  return absl::Nanoseconds(load_->queued.load(std::memory_order_relaxed) *
                           load_->average_ns.load(std::memory_order_relaxed) / options_.threads);
}

bool WorkerPool::IsFull() const {
  const int queued = load_->queued.load(std::memory_order_relaxed);
  if (queued >= options_.queue) return true;
  return queued >= kAlwaysPerThread * options_.threads && ExpectedWait() > options_.max_wait;
}

void WorkerPool::Push(Task& task) {
  task.next_ = nullptr;
  (head_ == nullptr ? head_ : tail_->next_) = &task;
  tail_ = &task;
  load_->queued.fetch_add(1, std::memory_order_relaxed);
  if (idle_ > 0) work_.Signal();
}

WorkerPool::Task* WorkerPool::Pop() {
  absl::MutexLock lock(&mutex_);
  while (head_ == nullptr) {
    if (stopping_) return nullptr;
    ++idle_;
    work_.Wait(&mutex_);
    --idle_;
  }
  Task* task = head_;
  head_ = task->next_;
  load_->queued.fetch_sub(1, std::memory_order_relaxed);
  return task;
}

void WorkerPool::Work() {
  while (Task* task = Pop()) {
    load_->busy.fetch_add(1, std::memory_order_relaxed);
    const int64_t start = absl::GetCurrentTimeNanos();
    task->Run();
    Measure(start);
    load_->busy.fetch_sub(1, std::memory_order_relaxed);
  }
}

void WorkerPool::Measure(int64_t start_ns) {
  const int64_t took = absl::GetCurrentTimeNanos() - start_ns;
  const int64_t average = load_->average_ns.load(std::memory_order_relaxed);
  // Two threads may overwrite each other's sample: it stays an average.
  load_->average_ns.store(average + (took - average) / 32, std::memory_order_relaxed);
}

}  // namespace sockel::rpc
