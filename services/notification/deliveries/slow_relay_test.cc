// What becomes of deliveries when the relay, or the database, is slow.
#include <gmock/gmock.h>

#include "services/notification/deliveries/delivery_lane.h"
#include "services/notification/testing/fixture.h"

namespace sockel::notification {
namespace {

using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Outcome = RelayAnswer::Outcome;
using v1::Delivery;

class SlowRelayTest : public testing::NotificationFixture {
 protected:
  SlowRelayTest() { AddSender("smi"); }

  std::vector<std::string> StoriesOf(const v1::Message& message) {
    std::vector<std::string> stories;
    for (const Delivery& delivery : DeliveriesOf(message)) stories.push_back(Story(delivery));
    return stories;
  }
};

TEST_F(SlowRelayTest, AClaimThatTakesLongLeavesTimeForSending) {
  Send(Request({"a@example.org", "b@example.org"}));
  const auto lane = Lane([this](Step step) {
    if (step == Step::kClaimed) clock_.Advance(options_.time_box + absl::Seconds(1));
    return true;
  });
  ASSERT_TRUE(lane->RunOnce().ok());
  EXPECT_THAT(post_.mails(), SizeIs(2));
}

TEST_F(SlowRelayTest, HandingBackLeavesNoTraceHoweverOften) {
  post_.OnMail([this] { clock_.Advance(absl::Seconds(3)); });
  const v1::Message sent = Send(Request({"a@example.org", "b@example.org", "c@example.org"}));
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(Lane()->RunOnce().ok());
  EXPECT_THAT(StoriesOf(sent), UnorderedElementsAre("accepted attempt handed_over",
                                                    "accepted attempt handed_over", "accepted"));
}

TEST_F(SlowRelayTest, WhatFailedBeforeItWasHandedBackIsStillSaidToHaveFailed) {
  post_.Answer("a@", Outcome::kDeferred);
  post_.Answer("b@", Outcome::kDeferred);
  const v1::Message sent = Send(Request({"a@example.org", "b@example.org"}));
  DeliverAll();
  clock_.Advance(absl::Minutes(1));
  post_.OnMail([this] { clock_.Advance(absl::Seconds(3)); });
  ASSERT_TRUE(Lane()->RunOnce().ok());
  EXPECT_THAT(StoriesOf(sent),
              UnorderedElementsAre("accepted attempt relay_deferred attempt relay_deferred",
                                   "accepted attempt relay_deferred"));
  for (const Delivery& delivery : DeliveriesOf(sent)) {
    EXPECT_EQ(delivery.state(), Delivery::TEMPORARY_FAILURE);
  }
}

TEST_F(SlowRelayTest, AMailTakenOverFromADeadWorkerAndHandedBackStillSaysThatItMayGoOutTwice) {
  const v1::Message sent = Send(Request({"a@example.org", "b@example.org"}));
  EXPECT_FALSE(Lane([](Step step) { return step != Step::kClaimed; })->RunOnce().ok());
  clock_.Advance(options_.lease + absl::Seconds(1));
  post_.OnMail([this] { clock_.Advance(absl::Seconds(3)); });
  ASSERT_TRUE(Lane()->RunOnce().ok());
  EXPECT_THAT(StoriesOf(sent),
              UnorderedElementsAre("accepted attempt possible_duplicate handed_over",
                                   "accepted attempt possible_duplicate handed_back"));
}

TEST_F(SlowRelayTest, TheOthersDoNotWaitForTheAnswerToOne) {
  const v1::Message sent = Send(Request({"a@example.org", "b@example.org"}));
  post_.BeforeAnswer([this](const Patience& patience) {
    clock_.Advance(2 * options_.time_box);
    EXPECT_TRUE(patience());
    DeliverAll();  // another worker
    EXPECT_THAT(post_.mails(), SizeIs(2));
  });
  ASSERT_TRUE(Lane()->RunOnce().ok());
  EXPECT_THAT(post_.mails(), SizeIs(2));
  EXPECT_THAT(StoriesOf(sent),
              UnorderedElementsAre("accepted attempt handed_over", "accepted attempt handed_over"));
}

TEST_F(SlowRelayTest, NobodyTakesOverAMailWhoseAnswerIsWaitedFor) {
  const v1::Message sent = Send(Request({"a@example.org"}));
  post_.BeforeAnswer([this](const Patience& patience) {
    for (int i = 0; i < 20; ++i) {
      clock_.Advance(options_.lease / 4);
      EXPECT_TRUE(patience());
      EXPECT_EQ(*Lane()->RunOnce(), 0);
    }
  });
  ASSERT_TRUE(Lane()->RunOnce().ok());
  EXPECT_THAT(post_.mails(), SizeIs(1));
  EXPECT_EQ(Story(DeliveryOf(sent)), "accepted attempt handed_over");
}

TEST_F(SlowRelayTest, OnlySomeLanesWaitLongForAnswers) {
  LongWaits long_waits(1);
  const DeliveryLane::Parts parts{db_, directory_, clock_, delivery_metrics_, &long_waits};
  DeliveryLane patient(parts, std::make_unique<testing::FakeRelay>(post_), options_);
  DeliveryLane other(parts, std::make_unique<testing::FakeRelay>(post_), options_);
  Send(Request({"a@example.org", "b@example.org", "c@example.org"}));
  post_.BeforeAnswer([&](const Patience& first) {
    clock_.Advance(options_.usual_wait);
    EXPECT_TRUE(first());
    post_.BeforeAnswer([&](const Patience& second) {
      EXPECT_TRUE(second());
      clock_.Advance(options_.usual_wait);
      EXPECT_FALSE(second());
      EXPECT_TRUE(first());
    });
    ASSERT_TRUE(other.RunOnce().ok());
  });
  ASSERT_TRUE(patient.RunOnce().ok());
  EXPECT_TRUE(long_waits.Begin()) << "the place was not given back";
}

TEST_F(SlowRelayTest, ADrainingLaneGivesUpWaitingSoon) {
  std::unique_ptr<DeliveryLane> lane = Lane();
  Send(Request({"a@example.org"}));
  post_.BeforeAnswer([&](const Patience& patience) {
    EXPECT_TRUE(patience());
    lane->Drain();
    EXPECT_TRUE(patience());
    clock_.Advance(options_.last_wait);
    EXPECT_FALSE(patience());
  });
  EXPECT_EQ(*lane->RunOnce(), 1);
}

TEST_F(SlowRelayTest, AMailThatIsNeverAnsweredIsNotSentWithoutEnd) {
  post_.Answer("silent", Outcome::kUnknown);
  const v1::Message sent = Send(Request({"silent@example.org"}));
  DeliverAll();
  clock_.Advance(options_.retry.unanswered_wait - absl::Seconds(1));
  DeliverAll();
  EXPECT_THAT(post_.mails(), SizeIs(1)) << "not while the relay may be at it";
  for (int i = 0; i < 10; ++i) {
    clock_.Advance(absl::Hours(1));
    DeliverAll();
  }
  EXPECT_THAT(post_.mails(), SizeIs(static_cast<std::size_t>(options_.retry.max_unanswered)));
  EXPECT_EQ(DeliveryOf(sent).state(), Delivery::PERMANENT_FAILURE);
  EXPECT_EQ(DeliveryOf(sent).transitions().rbegin()->reason(), "possible_duplicate");
}

TEST_F(SlowRelayTest, WordsThatCannotBeStoredCostNobodyAnotherMail) {
  post_.Answer("bad", Outcome::kRefused, "550 Empf\xE4nger unbekannt");
  const v1::Message sent = Send(Request({"bad@example.org", "good@example.org"}));
  ASSERT_TRUE(Lane()->RunOnce().ok());
  clock_.Advance(options_.lease + absl::Seconds(1));
  DeliverAll();
  EXPECT_THAT(post_.mails(), SizeIs(2));
  EXPECT_THAT(StoriesOf(sent), UnorderedElementsAre("accepted attempt relay_refused",
                                                    "accepted attempt handed_over"));
}

}  // namespace
}  // namespace sockel::notification
