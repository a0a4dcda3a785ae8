#include "services/notification/deliveries/delivery_rules.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sockel::notification {
namespace {

using v1::Delivery;

Verdict TryAgainAfter(absl::Duration wait, const RetryPolicy& policy, std::string reason,
                      std::string detail, const Try& attempt) {
  if (attempt.number >= policy.max_attempts) {
    return {Delivery::PERMANENT_FAILURE, reason::kAttemptsExhausted,
            absl::StrCat(reason, ": ", detail)};
  }
  const absl::Time next = attempt.now + wait;
  if (next >= attempt.expire) {
    return {Delivery::EXPIRED, reason::kExpired, absl::StrCat(reason, ": ", detail)};
  }
  return {Delivery::TEMPORARY_FAILURE, std::move(reason), std::move(detail), next};
}

Verdict AfterSilence(const RetryPolicy& policy, const std::string& detail, const Try& attempt) {
  if (attempt.unanswered + 1 >= policy.max_unanswered) {
    return {Delivery::PERMANENT_FAILURE, reason::kPossibleDuplicate, detail};
  }
  const absl::Duration wait =
      std::max(policy.unanswered_wait, BackOff(policy, attempt.number, attempt.random));
  return TryAgainAfter(wait, policy, reason::kPossibleDuplicate, detail, attempt);
}

}  // namespace

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
                              const Try& attempt) {
  return TryAgainAfter(BackOff(policy, attempt.number, attempt.random), policy, std::move(reason),
                       std::move(detail), attempt);
}

Verdict AfterRelay(const RetryPolicy& policy, const RelayAnswer& answer, const Try& attempt) {
  switch (answer.outcome) {
    case RelayAnswer::Outcome::kAccepted:
      return {Delivery::SENT, reason::kHandedOver, answer.detail};
    case RelayAnswer::Outcome::kRefused:
      return {Delivery::PERMANENT_FAILURE, reason::kRelayRefused, answer.detail};
    case RelayAnswer::Outcome::kDeferred:
      return AfterTemporaryFailure(policy, reason::kRelayDeferred, answer.detail, attempt);
    case RelayAnswer::Outcome::kUnknown:
      return AfterSilence(policy, answer.detail, attempt);
    case RelayAnswer::Outcome::kUnreachable:
      break;
  }
  return AfterTemporaryFailure(policy, reason::kRelayUnreachable, answer.detail, attempt);
}

}  // namespace sockel::notification
