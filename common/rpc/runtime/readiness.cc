#include "common/rpc/runtime/readiness.h"

#include <optional>
#include <utility>

namespace sockel::rpc {

Readiness::Readiness(Check check, Report report, absl::Duration ready_interval,
                     absl::Duration other_interval)
    : check_(std::move(check)),
      report_(std::move(report)),
      ready_interval_(ready_interval),
      other_interval_(other_interval),
      thread_([this] { Run(); }) {}

Readiness::~Readiness() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

bool Readiness::Pause(absl::Duration duration) {
  absl::MutexLock lock(&mutex_);
  return !mutex_.AwaitWithTimeout(absl::Condition(&stopping_), duration);
}

void Readiness::Run() {
  std::optional<absl::Status> last;
  do {
    absl::Status now = check_();
    if (now != last) report_(now);
    last = std::move(now);
  } while (Pause(last->ok() ? ready_interval_ : other_interval_));
}

}  // namespace sockel::rpc
