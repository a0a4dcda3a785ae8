#pragma once

#include <algorithm>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/sockel/exit_code.h"

namespace sockel::cli {

// Asks again, with growing pauses up to two seconds, until `done` or `limit` is
// over (then DEADLINE_EXCEEDED, and `next` is what to do). UNAVAILABLE answers are
// asked again, too.
template <typename Response>
absl::StatusOr<Response> Poll(absl::Duration limit,
                              const std::function<absl::StatusOr<Response>()>& ask,
                              const std::function<bool(const Response&)>& done,
                              const std::string& next = "try again in a moment") {
  const absl::Time end = absl::Now() + limit;
  absl::Duration pause = absl::Milliseconds(100);
  while (true) {
    absl::StatusOr<Response> response = ask();
    if (!response.ok() && !absl::IsUnavailable(response.status())) return response;
    if (response.ok() && done(*response)) return response;
    if (absl::Now() + pause > end) {
      if (!response.ok()) return response;
      return WithNextStep(absl::DeadlineExceededError("it is not finished yet"), next);
    }
    absl::SleepFor(pause);
    pause = std::min(pause * 1.5, absl::Seconds(2));
  }
}

}  // namespace sockel::cli
