#include "services/notification/deliveries/delivery_lane.h"

#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "common/clock/timestamp.h"
#include "services/notification/mail/smtp_relay.h"
#include "services/notification/testing/fixture.h"
#include "services/notification/testing/smtp_sink.h"

namespace sockel::notification {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Outcome = RelayAnswer::Outcome;
using v1::Delivery;

class DeliveryLaneTest : public testing::NotificationFixture {
 protected:
  DeliveryLaneTest() { AddSender("smi"); }
};

TEST_F(DeliveryLaneTest, HandsOverWithAStableMessageId) {
  const v1::Message sent = Send(Request({"a@example.org"}));
  DeliverAll();
  const Delivery delivery = DeliveryOf(sent);
  EXPECT_EQ(delivery.state(), Delivery::SENT);
  EXPECT_EQ(Story(delivery), "accepted attempt handed_over");
  EXPECT_FALSE(delivery.has_next_attempt_time());
  ASSERT_THAT(post_.mails(), SizeIs(1));
  EXPECT_THAT(post_.mails()[0].mime, HasSubstr("Message-Id: <" + delivery.message_id() + ">"));
}

TEST_F(DeliveryLaneTest, ARefusalIsFinalWithTheRelaysWords) {
  post_.Answer("bad", Outcome::kRefused);
  const v1::Message sent = Send(Request({"bad@example.org"}));
  DeliverAll();
  const Delivery delivery = DeliveryOf(sent);
  EXPECT_EQ(delivery.state(), Delivery::PERMANENT_FAILURE);
  EXPECT_EQ(delivery.transitions(2).reason(), "relay_refused");
  EXPECT_EQ(delivery.transitions(2).detail(), "relay's words");
}

TEST_F(DeliveryLaneTest, WhatIsDeferredIsTriedAgainAfterAWhile) {
  post_.Answer("grey", Outcome::kDeferred);
  const v1::Message sent = Send(Request({"grey@example.org"}));
  DeliverAll();
  EXPECT_EQ(DeliveryOf(sent).state(), Delivery::TEMPORARY_FAILURE);
  EXPECT_TRUE(DeliveryOf(sent).has_next_attempt_time());
  DeliverAll();
  EXPECT_THAT(post_.mails(), SizeIs(1)) << "not before its time";
  post_.Answer("grey", Outcome::kAccepted);
  clock_.Advance(absl::Seconds(31));
  DeliverAll();
  EXPECT_EQ(Story(DeliveryOf(sent)), "accepted attempt relay_deferred attempt handed_over");
  EXPECT_EQ(DeliveryOf(sent).attempts(), 2);
}

TEST_F(DeliveryLaneTest, ARelayThatFallsSilentAfterTheMailIsSaidToMaybeDouble) {
  post_.Answer("silent", Outcome::kUnknown);
  const v1::Message sent = Send(Request({"silent@example.org"}));
  DeliverAll();
  EXPECT_EQ(Story(DeliveryOf(sent)), "accepted attempt possible_duplicate");
}

TEST_F(DeliveryLaneTest, ItGivesUpAfterTheLastAttempt) {
  options_.retry.max_attempts = 3;
  post_.Answer("dead", Outcome::kUnreachable);
  const v1::Message sent = Send(Request({"dead@example.org"}));
  for (int i = 0; i < 5; ++i) {
    DeliverAll();
    clock_.Advance(absl::Hours(1));
  }
  const Delivery delivery = DeliveryOf(sent);
  EXPECT_EQ(delivery.state(), Delivery::PERMANENT_FAILURE);
  EXPECT_EQ(delivery.transitions().rbegin()->reason(), "attempts_exhausted");
  EXPECT_THAT(post_.mails(), SizeIs(3));
}

TEST_F(DeliveryLaneTest, NothingIsSentAfterItExpired) {
  v1::SendMessageRequest request = Request({"a@example.org"});
  *request.mutable_message()->mutable_expire_time() = ToTimestamp(clock_.Now() + absl::Minutes(1));
  const v1::Message sent = Send(request);
  clock_.Advance(absl::Minutes(2));
  DeliverAll();
  EXPECT_EQ(DeliveryOf(sent).state(), Delivery::EXPIRED);
  EXPECT_THAT(post_.mails(), IsEmpty());
}

TEST_F(DeliveryLaneTest, NothingIsSentBeforeItsTime) {
  v1::SendMessageRequest request = Request({"a@example.org"});
  *request.mutable_message()->mutable_not_before_time() =
      ToTimestamp(clock_.Now() + absl::Hours(1));
  const v1::Message sent = Send(request);
  DeliverAll();
  EXPECT_EQ(DeliveryOf(sent).state(), Delivery::PENDING);
  clock_.Advance(absl::Hours(1));
  DeliverAll();
  EXPECT_EQ(DeliveryOf(sent).state(), Delivery::SENT);
}

TEST_F(DeliveryLaneTest, UsersAreLookedUpWhenItIsSent) {
  const v1::Message sent =
      Send(Request({"tenants/smi/users/u1", "tenants/smi/users/u2", "tenants/smi/users/nobody"}));
  DeliverAll();
  const std::vector<Delivery> deliveries = DeliveriesOf(sent);
  EXPECT_EQ(deliveries[0].state(), Delivery::SENT);
  EXPECT_THAT(post_.mails()[0].mime, HasSubstr("To: Eva Muster <u1@smi.example>"));
  EXPECT_EQ(Story(deliveries[1]), "accepted attempt user_without_address");
  EXPECT_EQ(Story(deliveries[2]), "accepted attempt user_unknown");
  EXPECT_EQ(deliveries[2].state(), Delivery::PERMANENT_FAILURE);
}

TEST_F(DeliveryLaneTest, UsersAreLookedUpAsPartOfTheCallThatSentTheMessage) {
  for (const auto channel : {v1::Message::EMAIL, v1::Message::INBOX}) {
    v1::SendMessageRequest request = Request({"tenants/smi/users/u1"});
    request.mutable_message()->add_channels(channel);
    Caller sender = In("smi");
    sender.trace_id = std::string(32, channel == v1::Message::EMAIL ? 'a' : 'b');
    ASSERT_TRUE(messages_.Send(sender, request).ok());
    DeliverAll();
    EXPECT_EQ(directory_.last_trace_id(), sender.trace_id);
  }
}

TEST_F(DeliveryLaneTest, WhileIdentityIsDownItIsTriedAgain) {
  directory_.SetDown(true);
  v1::SendMessageRequest request = Request({"tenants/smi/users/u1"});
  request.mutable_message()->add_channels(v1::Message::EMAIL);
  request.mutable_message()->add_channels(v1::Message::INBOX);
  const v1::Message sent = Send(request);
  DeliverAll();
  for (const Delivery& delivery : DeliveriesOf(sent)) {
    EXPECT_EQ(Story(delivery), "accepted attempt directory_unavailable");
  }
  directory_.SetDown(false);
  clock_.Advance(absl::Minutes(1));
  DeliverAll();
  for (const Delivery& delivery : DeliveriesOf(sent)) EXPECT_EQ(delivery.state(), Delivery::SENT);
}

TEST_F(DeliveryLaneTest, ASlowRelaysBatchIsHandedBack) {
  post_.OnMail([this] { clock_.Advance(absl::Seconds(3)); });
  const v1::Message sent = Send(Request({"a@example.org", "b@example.org"}));
  ASSERT_TRUE(Lane()->RunOnce().ok());
  EXPECT_THAT(post_.mails(), SizeIs(1));
  std::vector<std::string> stories;
  for (const Delivery& delivery : DeliveriesOf(sent)) {
    stories.push_back(absl::StrCat(Story(delivery), " ", delivery.attempts()));
  }
  EXPECT_THAT(stories,
              ::testing::UnorderedElementsAre("accepted attempt handed_over 1", "accepted 0"));
  DeliverAll();
  EXPECT_THAT(post_.mails(), SizeIs(2));
}

TEST_F(DeliveryLaneTest, ADrainingLaneHandsBackAndTakesNothingMore) {
  std::unique_ptr<DeliveryLane> lane = Lane();
  post_.OnMail([&] { lane->Drain(); });
  Send(Request({"a@example.org", "b@example.org"}));
  EXPECT_EQ(*lane->RunOnce(), 2);
  EXPECT_EQ(*lane->RunOnce(), 0);
  EXPECT_THAT(post_.mails(), SizeIs(1));
  DeliverAll();
  EXPECT_THAT(post_.mails(), SizeIs(2));
}

TEST_F(DeliveryLaneTest, EmergenciesOvertakeEverything) {
  options_.batch = 2;
  std::vector<std::string> many;
  for (int i = 0; i < 20; ++i) many.push_back(absl::StrCat("bulk", i, "@example.org"));
  v1::SendMessageRequest bulk = Request(many);
  bulk.mutable_message()->set_priority(v1::Message::BULK);
  Send(bulk);
  Send(Request({"normal@example.org"}));
  AddSender("other");
  v1::SendMessageRequest alarm = Request({"alarm@example.org"});
  alarm.mutable_message()->set_priority(v1::Message::EMERGENCY);
  Send(alarm, "other");
  DeliverAll();
  EXPECT_EQ(post_.mails()[0].to, "alarm@example.org");
  EXPECT_EQ(post_.mails()[1].to, "normal@example.org");
  EXPECT_THAT(post_.mails(), SizeIs(22));
}

TEST_F(DeliveryLaneTest, OneTenantsMassMailDelaysNobodyElse) {
  options_.batch = 10;
  std::vector<std::string> many;
  for (int i = 0; i < 1000; ++i) many.push_back(absl::StrCat("mass", i, "@example.org"));
  Send(Request(many));
  for (int tenant = 0; tenant < 50; ++tenant) {
    const std::string code = absl::StrCat("t", tenant);
    AddSender(code);
    Send(Request({absl::StrCat(code, "@example.org")}), code);
  }
  // 51 tenants wait, ten have their turn in each batch.
  const auto lane = Lane();
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(lane->RunOnce().ok());
  int others = 0;
  for (const auto& mail : post_.mails()) others += mail.to[0] == 't' ? 1 : 0;
  EXPECT_EQ(others, 50);
}

TEST_F(DeliveryLaneTest, TwoWorkersNeverTakeTheSame) {
  std::vector<std::string> many;
  for (int i = 0; i < 400; ++i) many.push_back(absl::StrCat("r", i, "@example.org"));
  Send(Request(many));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([this] { DeliverAll(); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(post_.mails(), SizeIs(400));
}

TEST_F(DeliveryLaneTest, WhatALateWorkerRecordsAfterItsLeaseCountsNoMore) {
  const v1::Message sent = Send(Request({"a@example.org"}));
  post_.Answer("a@", Outcome::kRefused);
  // Another worker takes over while the first is between sending and recording.
  const auto late = Lane([this](Step step) {
    if (step == Step::kSent) {
      clock_.Advance(options_.lease + absl::Seconds(1));
      post_.Answer("a@", Outcome::kAccepted);
      DeliverAll();
    }
    return true;
  });
  ASSERT_TRUE(late->RunOnce().ok());
  EXPECT_EQ(DeliveryOf(sent).state(), Delivery::SENT);
  EXPECT_EQ(Story(DeliveryOf(sent)), "accepted attempt possible_duplicate handed_over");
}

struct Death {
  Step step;
  const char* name;
  std::size_t mails;  // that the relay has seen in the end
  const char* story;
};

class KilledWorkerTest : public DeliveryLaneTest, public ::testing::WithParamInterface<Death> {};

TEST_P(KilledWorkerTest, LosesNothingAndDoublesNothingSilently) {
  testing::SmtpSink sink;
  SmtpOptions smtp;
  smtp.port = sink.port();
  smtp.security = SmtpOptions::Security::kPlain;
  const DeliveryLane::Parts parts{db_, directory_, clock_, delivery_metrics_};
  const v1::Message sent = Send(Request({"a@example.org"}));

  DeliveryLane killed(parts, std::make_unique<SmtpRelay>(smtp), options_,
                      [](Step step) { return step != GetParam().step; });
  EXPECT_EQ(killed.RunOnce().status().code(), absl::StatusCode::kAborted);

  DeliveryLane next(parts, std::make_unique<SmtpRelay>(smtp), options_);
  ASSERT_TRUE(next.RunOnce().ok());
  clock_.Advance(options_.lease + absl::Seconds(1));
  ASSERT_TRUE(next.RunOnce().ok());

  const Delivery delivery = DeliveryOf(sent);
  EXPECT_EQ(delivery.state(), Delivery::SENT);
  EXPECT_EQ(Story(delivery), GetParam().story);
  const auto mails = sink.Mails();
  EXPECT_EQ(mails.size(), GetParam().mails);
  for (const auto& mail : mails) {
    EXPECT_EQ(mail.Header("Message-Id"), "<" + delivery.message_id() + ">");
  }
}

INSTANTIATE_TEST_SUITE_P(
    AtEveryPoint, KilledWorkerTest,
    ::testing::Values(
        Death{Step::kClaimed, "Claimed", 1, "accepted attempt possible_duplicate handed_over"},
        Death{Step::kSending, "Sending", 1, "accepted attempt possible_duplicate handed_over"},
        Death{Step::kSent, "Sent", 2, "accepted attempt possible_duplicate handed_over"},
        Death{Step::kRecorded, "Recorded", 1, "accepted attempt handed_over"}),
    [](const auto& death) { return std::string(death.param.name); });

TEST_F(DeliveryLaneTest, AWorkerKilledWithAnInboxItemDeliversItOnce) {
  v1::SendMessageRequest request = Request({"tenants/smi/users/u1"});
  request.mutable_message()->add_channels(v1::Message::INBOX);
  const v1::Message sent = Send(request);
  const auto killed = Lane([](Step step) { return step != Step::kClaimed; });
  EXPECT_FALSE(killed->RunOnce().ok());
  clock_.Advance(options_.lease + absl::Seconds(1));
  DeliverAll();
  EXPECT_EQ(Story(DeliveryOf(sent)), "accepted attempt attempt handed_over");
  v1::ListInboxItemsRequest list;
  list.set_parent("tenants/smi/users/u1");
  EXPECT_EQ(inboxes_.List(In("smi"), list)->inbox_items_size(), 1);
}

TEST_F(DeliveryLaneTest, ADeliveryThatKillsEveryWorkerEndsInFailure) {
  options_.retry.max_attempts = 3;
  const v1::Message sent = Send(Request({"poison@example.org"}));
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(Lane([](Step step) { return step != Step::kSending; })->RunOnce().ok());
    clock_.Advance(options_.lease + absl::Seconds(1));
  }
  DeliverAll();
  EXPECT_EQ(DeliveryOf(sent).state(), Delivery::PERMANENT_FAILURE);
}

TEST_F(DeliveryLaneTest, TheQueueIsMeasured) {
  post_.Answer("grey", Outcome::kDeferred);
  Send(Request({"grey@example.org"}));
  DeliverAll();
  Send(Request({"a@example.org", "b@example.org"}));
  clock_.Advance(absl::Seconds(5));
  DeliveryQueue queue(db_, clock_);
  const auto state = queue.Measure();
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->pending, 2);
  EXPECT_EQ(state->temporary_failure, 1);
  EXPECT_EQ(state->lag, absl::Seconds(5));
}

}  // namespace
}  // namespace sockel::notification
