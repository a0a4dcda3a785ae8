#pragma once

#include <atomic>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/clock/clock.h"
#include "common/error/error.h"

namespace sockel::cli {

// How long transfers wait for a service that is away, for a restart say: a
// minute since it last showed a sign of life, however long the transfer takes.
// Those that share one wait, and give up, together. Thread-safe.
class Patience {
 public:
  explicit Patience(const Clock& clock) : clock_(clock) { NoteSignOfLife(); }

  void NoteSignOfLife() { last_sign_of_life_ = absl::ToUnixMillis(clock_.Now()); }
  bool IsOver() const {
    return clock_.Now() >= absl::FromUnixMillis(last_sign_of_life_) + absl::Minutes(1);
  }

 private:
  const Clock& clock_;
  std::atomic<std::int64_t> last_sign_of_life_{0};  // milliseconds since 1970
};

// The service, or the way to it, failed in the middle: the same may succeed in
// a moment. Overload says when; RESOURCE_EXHAUSTED without that is a full store. A
// token that was revoked is replaced, unless its session ended: that has another
// reason.
inline bool IsInterruption(const absl::Status& status) {
  if (absl::IsResourceExhausted(status)) return error::RetryAfterOf(status) > absl::ZeroDuration();
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsCancelled(status) ||
         error::ReasonOf(status) == CommonReason_Name(error::CommonReason::TOKEN_REVOKED);
}

}  // namespace sockel::cli
