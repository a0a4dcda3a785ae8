#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace sockel::rpc {

// Asks again and again whether the service can serve, and tells the first
// answer and every other one after it. Has a thread of its own.
class Readiness {
 public:
  // OK = ready; else the message says what is missing.
  using Check = std::function<absl::Status()>;
  using Report = std::function<void(const absl::Status&)>;

  // `ready_interval`: between checks while ready; else they follow faster.
  Readiness(Check check, Report report, absl::Duration ready_interval = absl::Seconds(1),
            absl::Duration other_interval = absl::Milliseconds(100));
  // No report after it.
  ~Readiness();
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

 private:
  void Run();
  bool Pause(absl::Duration duration);

  const Check check_;
  const Report report_;
  const absl::Duration ready_interval_;
  const absl::Duration other_interval_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sockel::rpc
