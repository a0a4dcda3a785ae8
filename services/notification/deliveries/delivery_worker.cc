#include "services/notification/deliveries/delivery_worker.h"

#include "common/error/error.h"
#include "common/log/log.h"

namespace sockel::notification {

DeliveryWorker::DeliveryWorker(const DeliveryLane::Parts& parts, const RelayFactory& relays,
                               const WorkerOptions& options)
    : options_(options), metrics_(parts.metrics), queue_(parts.db, parts.clock) {
  for (int i = 0; i < options.lanes; ++i) {
    lanes_.push_back(std::make_unique<DeliveryLane>(parts, relays(), options.delivery));
  }
}

DeliveryWorker::~DeliveryWorker() { Stop(); }

void DeliveryWorker::Start() {
  for (const auto& lane : lanes_) {
    threads_.emplace_back([this, &lane] { Run(*lane); });
  }
  threads_.emplace_back([this] { Measure(); });
}

void DeliveryWorker::Drain() {
  for (const auto& lane : lanes_) lane->Drain();
  absl::MutexLock lock(&mutex_);
  draining_ = true;
  woken_.SignalAll();
  stopped_.SignalAll();
}

void DeliveryWorker::Stop() {
  Drain();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void DeliveryWorker::Wake() {
  absl::MutexLock lock(&mutex_);
  work_ = true;
  woken_.Signal();
}

bool DeliveryWorker::WaitForWork(absl::Duration most) {
  const absl::Time until = absl::Now() + most;
  absl::MutexLock lock(&mutex_);
  while (!work_ && !draining_) {
    if (woken_.WaitWithDeadline(&mutex_, until)) break;
  }
  work_ = false;
  return !draining_;
}

void DeliveryWorker::Run(DeliveryLane& lane) {
  bool failing = false;
  do {
    absl::StatusOr<int> taken = lane.RunOnce();
    while (taken.ok() && *taken > 0) {
      Wake();
      taken = lane.RunOnce();
    }
    // Said once, not every second.
    if (!taken.ok() && !failing) {
      log::Error("deliveries cannot be taken up", {{"error", error::LogMessageOf(taken.status())}});
    }
    failing = !taken.ok();
    // The lanes take turns in looking.
  } while (WaitForWork(failing ? options_.poll : options_.poll * options_.lanes));
}

void DeliveryWorker::Measure() {
  while (true) {
    // While the database is away the gauges keep their last value.
    const auto state = queue_.Measure();
    if (state.ok()) metrics_.SetQueue(*state);
    absl::MutexLock lock(&mutex_);
    const absl::Time until = absl::Now() + options_.measure;
    while (!draining_ && !stopped_.WaitWithDeadline(&mutex_, until)) {
    }
    if (draining_) return;
  }
}

}  // namespace sockel::notification
