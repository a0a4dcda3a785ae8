#pragma once

#include <string>

#include "absl/time/time.h"
#include "services/notification/mail/relay.h"
#include "sockel/notification/v1/message.pb.h"

// The rules of a delivery's life: functions over values.
namespace sockel::notification {

struct RetryPolicy {
  absl::Duration first_wait = absl::Seconds(30);
  absl::Duration longest_wait = absl::Hours(1);
  // After so many attempts a temporary failure becomes permanent.
  int max_attempts = 40;
  // A mail that the relay took whole and did not answer may have arrived. It is
  // sent again after this time at the earliest …
  absl::Duration unanswered_wait = absl::Minutes(10);
  // … and counts as failed after so many such attempts: nobody gets more copies
  // because a relay is slow.
  int max_unanswered = 3;
};

// An attempt to deliver, and when it was made.
struct Try {
  int number = 1;      // from 1
  int unanswered = 0;  // attempts before it that the relay did not answer
  absl::Time now;
  absl::Time expire;  // of the delivery
  double random = 0;  // in [0, 1)
};

// How long to wait after the `attempt`-th try (from 1) failed: doubles up to
// the longest, less a random part of up to a third, so that what failed
// together does not come back together. `random` in [0, 1).
absl::Duration BackOff(const RetryPolicy& policy, int attempt, double random);

// What the reasons of transitions are called (DeliveryTransition.reason).
namespace reason {
inline constexpr char kAccepted[] = "accepted";
inline constexpr char kAttempt[] = "attempt";
inline constexpr char kHandedOver[] = "handed_over";
inline constexpr char kPossibleDuplicate[] = "possible_duplicate";
inline constexpr char kRelayDeferred[] = "relay_deferred";
inline constexpr char kRelayRefused[] = "relay_refused";
inline constexpr char kRelayUnreachable[] = "relay_unreachable";
inline constexpr char kUserUnknown[] = "user_unknown";
inline constexpr char kUserWithoutAddress[] = "user_without_address";
inline constexpr char kDirectoryUnavailable[] = "directory_unavailable";
inline constexpr char kAttemptsExhausted[] = "attempts_exhausted";
inline constexpr char kExpired[] = "expired";
inline constexpr char kHandedBack[] = "handed_back";
}  // namespace reason

// Where a delivery goes after an attempt.
struct Verdict {
  v1::Delivery::State state = v1::Delivery::STATE_UNSPECIFIED;
  std::string reason;
  std::string detail;
  // When to try again; only with TEMPORARY_FAILURE.
  absl::Time next_attempt = absl::InfiniteFuture();
};

// No later attempt changes it.
bool IsFinal(v1::Delivery::State state);

// The verdict on a failure that may pass: TEMPORARY_FAILURE with the time of
// the next try, PERMANENT_FAILURE when this was the last, EXPIRED when the next
// would come too late.
Verdict AfterTemporaryFailure(const RetryPolicy& policy, std::string reason, std::string detail,
                              const Try& attempt);

// The verdict on what the relay answered.
Verdict AfterRelay(const RetryPolicy& policy, const RelayAnswer& answer, const Try& attempt);

}  // namespace sockel::notification
