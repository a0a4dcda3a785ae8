#include "services/notification/deliveries/delivery_rules.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sockel::notification {

using v1::Delivery;

absl::Duration BackOff(const RetryPolicy& policy, int attempt, double random) {
  constexpr double kRandomPart = 1.0 / 3.0;
  const double doublings = std::min(std::max(attempt, 1) - 1, 40);
  const absl::Duration wait =
      std::min(policy.first_wait * std::pow(2.0, doublings), policy.longest_wait);
  return wait * (1.0 - kRandomPart * random);
}

bool IsFinal(Delivery::State state) {
  return state == Delivery::SENT || state == Delivery::PERMANENT_FAILURE ||
         state == Delivery::EXPIRED;
}

Verdict AfterTemporaryFailure(const RetryPolicy& policy, std::string reason, std::string detail,
                              int attempt, absl::Time now, absl::Time expire, double random) {
  if (attempt >= policy.max_attempts) {
    return {Delivery::PERMANENT_FAILURE, reason::kAttemptsExhausted,
            absl::StrCat(reason, ": ", detail)};
  }
  const absl::Time next = now + BackOff(policy, attempt, random);
  if (next >= expire) {
    return {Delivery::EXPIRED, reason::kExpired, absl::StrCat(reason, ": ", detail)};
  }
  return {Delivery::TEMPORARY_FAILURE, std::move(reason), std::move(detail), next};
}

Verdict AfterRelay(const RetryPolicy& policy, const RelayAnswer& answer, int attempt,
                   absl::Time now, absl::Time expire, double random) {
  const auto later = [&](const char* why) {
    return AfterTemporaryFailure(policy, why, answer.detail, attempt, now, expire, random);
  };
  switch (answer.outcome) {
    case RelayAnswer::Outcome::kAccepted:
      return {Delivery::SENT, reason::kHandedOver, answer.detail};
    case RelayAnswer::Outcome::kRefused:
      return {Delivery::PERMANENT_FAILURE, reason::kRelayRefused, answer.detail};
    case RelayAnswer::Outcome::kDeferred:
      return later(reason::kRelayDeferred);
    case RelayAnswer::Outcome::kUnknown:
      return later(reason::kPossibleDuplicate);
    case RelayAnswer::Outcome::kUnreachable:
      break;
  }
  return later(reason::kRelayUnreachable);
}

}  // namespace sockel::notification
