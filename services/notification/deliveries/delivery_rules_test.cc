#include "services/notification/deliveries/delivery_rules.h"

#include <gtest/gtest.h>

namespace sockel::notification {
namespace {

using Outcome = RelayAnswer::Outcome;
using v1::Delivery;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
const absl::Time kFarExpire = kNow + absl::Hours(72);

TEST(BackOffTest, DoublesUpToTheLongestWait) {
  const RetryPolicy policy{absl::Seconds(30), absl::Minutes(10), 40};
  EXPECT_EQ(BackOff(policy, 1, 0), absl::Seconds(30));
  EXPECT_EQ(BackOff(policy, 2, 0), absl::Seconds(60));
  EXPECT_EQ(BackOff(policy, 5, 0), absl::Seconds(480));
  EXPECT_EQ(BackOff(policy, 6, 0), absl::Minutes(10));
  EXPECT_EQ(BackOff(policy, 1'000'000, 0), absl::Minutes(10));
}

TEST(BackOffTest, ChanceShortensItByUpToAThird) {
  const RetryPolicy policy{absl::Seconds(30), absl::Minutes(10), 40};
  EXPECT_EQ(BackOff(policy, 1, 0.5), absl::Seconds(25));
  EXPECT_GE(BackOff(policy, 1, 0.999999), absl::Seconds(20));
}

TEST(AfterRelayTest, EachAnswerLeadsToItsState) {
  struct Case {
    Outcome outcome;
    Delivery::State state;
    const char* reason;
  };
  for (const Case& c :
       {Case{Outcome::kAccepted, Delivery::SENT, reason::kHandedOver},
        Case{Outcome::kRefused, Delivery::PERMANENT_FAILURE, reason::kRelayRefused},
        Case{Outcome::kDeferred, Delivery::TEMPORARY_FAILURE, reason::kRelayDeferred},
        Case{Outcome::kUnreachable, Delivery::TEMPORARY_FAILURE, reason::kRelayUnreachable},
        Case{Outcome::kUnknown, Delivery::TEMPORARY_FAILURE, reason::kPossibleDuplicate}}) {
    const Verdict verdict = AfterRelay({}, {c.outcome, "words"}, 1, kNow, kFarExpire, 0);
    EXPECT_EQ(verdict.state, c.state);
    EXPECT_EQ(verdict.reason, c.reason);
    EXPECT_EQ(verdict.detail, "words");
    EXPECT_EQ(verdict.next_attempt == absl::InfiniteFuture(), IsFinal(verdict.state));
  }
}

TEST(AfterTemporaryFailureTest, TheLastAttemptMakesItPermanent) {
  const RetryPolicy policy{absl::Seconds(1), absl::Seconds(1), 3};
  EXPECT_EQ(AfterTemporaryFailure(policy, "r", "d", 2, kNow, kFarExpire, 0).state,
            Delivery::TEMPORARY_FAILURE);
  const Verdict last = AfterTemporaryFailure(policy, "r", "d", 3, kNow, kFarExpire, 0);
  EXPECT_EQ(last.state, Delivery::PERMANENT_FAILURE);
  EXPECT_EQ(last.reason, reason::kAttemptsExhausted);
  EXPECT_EQ(last.detail, "r: d");
}

TEST(AfterTemporaryFailureTest, ARetryThatWouldComeTooLateIsExpired) {
  const Verdict verdict = AfterTemporaryFailure({}, "r", "d", 1, kNow, kNow + absl::Seconds(10), 0);
  EXPECT_EQ(verdict.state, Delivery::EXPIRED);
}

}  // namespace
}  // namespace sockel::notification
