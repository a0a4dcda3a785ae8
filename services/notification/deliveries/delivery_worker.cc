#include "services/notification/deliveries/delivery_worker.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "common/error/error.h"
#include "common/log/log.h"

namespace sockel::notification {

DeliveryWorker::DeliveryWorker(const DeliveryLane::Parts& parts, const RelayFactory& relays,
                               const WorkerOptions& options)
    : options_(options),
      metrics_(parts.metrics),
      queue_(parts.db, parts.clock),
      long_waits_(std::max(1, options.lanes / 2)) {
  DeliveryLane::Parts shared = parts;
  shared.long_waits = &long_waits_;
  for (int i = 0; i < options.lanes; ++i) {
    lanes_.push_back(std::make_unique<DeliveryLane>(shared, relays(), options.delivery));
  }
}

DeliveryWorker::~DeliveryWorker() { Stop(); }

void DeliveryWorker::Start() {
  {
    absl::MutexLock lock(&mutex_);
    next_look_ = absl::Now() + options_.poll;
  }
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

// Lanes that wait each for themselves would sooner or later wait, and look, all
// at the same time: after work has woken them all.
bool DeliveryWorker::WaitForWork() {
  absl::MutexLock lock(&mutex_);
  while (!work_ && !draining_ && absl::Now() < next_look_) {
    woken_.WaitWithDeadline(&mutex_, next_look_);
  }
  work_ = false;
  next_look_ = absl::Now() + options_.poll;
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
  } while (WaitForWork());
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
