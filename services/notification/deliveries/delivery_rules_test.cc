#include "services/notification/deliveries/delivery_rules.h"

#include <gtest/gtest.h>

namespace sockel::notification {
namespace {

using Outcome = RelayAnswer::Outcome;
using v1::Delivery;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
const absl::Time kFarExpire = kNow + absl::Hours(72);

Try Number(int number, absl::Time expire = kFarExpire) {
  return {.number = number, .now = kNow, .expire = expire};
}

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
    const Verdict verdict = AfterRelay({}, {c.outcome, "words"}, Number(1));
    EXPECT_EQ(verdict.state, c.state);
    EXPECT_EQ(verdict.reason, c.reason);
    EXPECT_EQ(verdict.detail, "words");
    EXPECT_EQ(verdict.next_attempt == absl::InfiniteFuture(), IsFinal(verdict.state));
  }
}

TEST(AfterTemporaryFailureTest, TheLastAttemptMakesItPermanent) {
  const RetryPolicy policy{absl::Seconds(1), absl::Seconds(1), 3};
  EXPECT_EQ(AfterTemporaryFailure(policy, "r", "d", Number(2)).state, Delivery::TEMPORARY_FAILURE);
  const Verdict last = AfterTemporaryFailure(policy, "r", "d", Number(3));
  EXPECT_EQ(last.state, Delivery::PERMANENT_FAILURE);
  EXPECT_EQ(last.reason, reason::kAttemptsExhausted);
  EXPECT_EQ(last.detail, "r: d");
}

TEST(AfterTemporaryFailureTest, ARetryThatWouldComeTooLateIsExpired) {
  const Verdict verdict = AfterTemporaryFailure({}, "r", "d", Number(1, kNow + absl::Seconds(10)));
  EXPECT_EQ(verdict.state, Delivery::EXPIRED);
}

TEST(AfterRelayTest, AMailThatMayHaveArrivedIsSentAgainOnlyAfterALongWhileAndNotOften) {
  RetryPolicy policy;
  policy.unanswered_wait = absl::Minutes(10);
  policy.max_unanswered = 3;
  Try attempt = Number(1);
  for (attempt.unanswered = 0; attempt.unanswered < 2; ++attempt.unanswered) {
    const Verdict again = AfterRelay(policy, {Outcome::kUnknown, "silence"}, attempt);
    EXPECT_EQ(again.state, Delivery::TEMPORARY_FAILURE);
    EXPECT_EQ(again.next_attempt, kNow + absl::Minutes(10));
  }
  const Verdict last = AfterRelay(policy, {Outcome::kUnknown, "silence"}, attempt);
  EXPECT_EQ(last.state, Delivery::PERMANENT_FAILURE);
  EXPECT_EQ(last.reason, reason::kPossibleDuplicate);
  EXPECT_EQ(last.detail, "silence");
}

TEST(AfterRelayTest, TheWaitAfterManyAttemptsIsNotShortenedBySilence) {
  const Verdict again = AfterRelay({}, {Outcome::kUnknown, ""}, Number(20));
  EXPECT_EQ(again.next_attempt, kNow + absl::Hours(1));
}

}  // namespace
}  // namespace sockel::notification
