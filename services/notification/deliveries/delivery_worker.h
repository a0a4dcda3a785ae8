#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/notification/deliveries/delivery_lane.h"

namespace sockel::notification {

struct WorkerOptions {
  DeliveryOptions delivery;
  // Threads, each with a connection to the relay.
  int lanes = 8;
  // How often one of the lanes looks for due deliveries without being woken.
  absl::Duration poll = absl::Seconds(1);
  // How often the queue's gauges are brought up to date.
  absl::Duration measure = absl::Seconds(15);
};

// Threads that deliver. Idle lanes wait; one that finds work wakes the next, so
// that as many work as there is work for.
class DeliveryWorker {
 public:
  DeliveryWorker(const DeliveryLane::Parts& parts, const RelayFactory& relays,
                 const WorkerOptions& options);
  ~DeliveryWorker();
  DeliveryWorker(const DeliveryWorker&) = delete;
  DeliveryWorker& operator=(const DeliveryWorker&) = delete;

  void Start();
  // Takes up nothing new and hands back what is not begun.
  void Drain();
  // Drains and waits for the threads.
  void Stop();

  // There may be something to deliver. From any thread; does not block.
  void Wake();

 private:
  void Run(DeliveryLane& lane);
  void Measure();
  // Until there may be something to deliver, or it is time to look. False when
  // the worker drains.
  bool WaitForWork();

  const WorkerOptions options_;
  DeliveryMetrics& metrics_;
  DeliveryQueue queue_;  // for measuring
  LongWaits long_waits_;
  std::vector<std::unique_ptr<DeliveryLane>> lanes_;
  std::vector<std::thread> threads_;
  absl::Mutex mutex_;
  absl::CondVar woken_;
  absl::CondVar stopped_;
  bool work_ ABSL_GUARDED_BY(mutex_) = false;
  // When the next lane looks by itself: one turn for all of them.
  absl::Time next_look_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace sockel::notification
