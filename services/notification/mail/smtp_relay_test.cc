#include "services/notification/mail/smtp_relay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "services/notification/testing/smtp_sink.h"

namespace sockel::notification {
namespace {

using ::testing::HasSubstr;
using Outcome = RelayAnswer::Outcome;

const Patience kPatient = [] { return true; };

class SmtpRelayTest : public ::testing::Test {
 protected:
  static SmtpOptions Options(int port) {
    SmtpOptions options;
    options.port = port;
    options.security = SmtpOptions::Security::kPlain;
    options.send_timeout = absl::Milliseconds(500);
    options.answer_timeout = absl::Milliseconds(500);
    return options;
  }

  RelayAnswer Send(const std::string& to) { return SendBy(relay_, to, kPatient); }

  static RelayAnswer SendBy(SmtpRelay& relay, const std::string& to, const Patience& patience) {
    return relay.Send("from@smi.example", to, "Subject: hi\r\n\r\n.dot\r\n..\r\nend\r\n", patience);
  }

  testing::SmtpSink sink_;
  SmtpRelay relay_{Options(sink_.port())};
};

TEST_F(SmtpRelayTest, HandsOverAndKeepsTheRelaysWords) {
  const RelayAnswer answer = Send("max@example.org");
  EXPECT_EQ(answer.outcome, Outcome::kAccepted);
  const auto mails = sink_.Mails();
  ASSERT_EQ(mails.size(), 1u);
  EXPECT_EQ(mails[0].envelope_from, "from@smi.example");
  EXPECT_EQ(mails[0].envelope_to, "max@example.org");
  EXPECT_EQ(mails[0].data, "Subject: hi\r\n\r\n.dot\r\n..\r\nend\r\n");
}

TEST_F(SmtpRelayTest, KeepsOneConnectionOpen) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Send("max@example.org").outcome, Outcome::kAccepted);
  EXPECT_EQ(sink_.Mails().size(), 20u);
  EXPECT_EQ(sink_.Connections(), 1);
}

TEST_F(SmtpRelayTest, TellsRefusedFromDeferred) {
  RelayAnswer answer = Send("refuse-1@example.org");
  EXPECT_EQ(answer.outcome, Outcome::kRefused);
  EXPECT_THAT(answer.detail, HasSubstr("550 5.1.1 no such user"));
  answer = Send("defer-1@example.org");
  EXPECT_EQ(answer.outcome, Outcome::kDeferred);
  EXPECT_THAT(answer.detail, HasSubstr("451 4.7.1"));
  answer = Send("reject-1@example.org");
  EXPECT_EQ(answer.outcome, Outcome::kRefused);
  EXPECT_THAT(answer.detail, HasSubstr("554 5.7.1"));
  EXPECT_EQ(Send("max@example.org").outcome, Outcome::kAccepted);
}

TEST_F(SmtpRelayTest, ARelayThatHangsAfterTheDataLeavesTheOutcomeUnknown) {
  const absl::Time begin = absl::Now();
  EXPECT_EQ(Send("hang-1@example.org").outcome, Outcome::kUnknown);
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
  EXPECT_EQ(Send("max@example.org").outcome, Outcome::kAccepted);
}

TEST_F(SmtpRelayTest, ARelayThatVanishesAfterTheDataLeavesTheOutcomeUnknownAndIsNotTriedTwice) {
  EXPECT_EQ(Send("max@example.org").outcome, Outcome::kAccepted);
  EXPECT_EQ(Send("vanish-1@example.org").outcome, Outcome::kUnknown);
  EXPECT_EQ(sink_.Mails().size(), 2u);
  EXPECT_EQ(Send("max@example.org").outcome, Outcome::kAccepted);
}

TEST_F(SmtpRelayTest, WaitsLongerForTheAnswerThanForSending) {
  SmtpOptions options = Options(sink_.port());
  options.answer_timeout = absl::Minutes(1);
  SmtpRelay relay(options);
  int asked = 0;
  const RelayAnswer answer = SendBy(relay, "slow-1@example.org", [&] { return ++asked > 0; });
  EXPECT_EQ(answer.outcome, Outcome::kAccepted) << answer.detail;
  EXPECT_GT(asked, 1) << "nobody could have ended the wait";
}

TEST_F(SmtpRelayTest, ALateAnswerIsNotTakenForTheAnswerToTheNextMail) {
  EXPECT_EQ(Send("slow-1@example.org").outcome, Outcome::kUnknown);
  const RelayAnswer next = Send("refuse-1@example.org");
  EXPECT_EQ(next.outcome, Outcome::kRefused);
  EXPECT_THAT(next.detail, HasSubstr("550 5.1.1 no such user"));
  EXPECT_EQ(sink_.Connections(), 2);
}

TEST_F(SmtpRelayTest, StopsWaitingWhenPatienceEnds) {
  SmtpOptions options = Options(sink_.port());
  options.answer_timeout = absl::Minutes(1);
  SmtpRelay relay(options);
  const absl::Time begin = absl::Now();
  const RelayAnswer answer =
      SendBy(relay, "hang-1@example.org", [&] { return sink_.Mails().empty(); });
  EXPECT_EQ(answer.outcome, Outcome::kUnknown);
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
}

TEST_F(SmtpRelayTest, ARelayThatDoesNotAnswerQuitHoldsNobodyUp) {
  const absl::Time begin = absl::Now();
  const RelayAnswer answer = Send("refuse-mute-1@example.org");
  EXPECT_EQ(answer.outcome, Outcome::kRefused);
  EXPECT_THAT(answer.detail, HasSubstr("550 5.1.1"));
  {
    SmtpRelay relay(Options(sink_.port()));
    EXPECT_EQ(SendBy(relay, "mute-1@example.org", kPatient).outcome, Outcome::kAccepted);
  }
  EXPECT_LT(absl::Now() - begin, absl::Seconds(10));
}

TEST_F(SmtpRelayTest, WordsInAnotherEncodingAreMadeReadableAndCut) {
  const RelayAnswer answer = Send("latin-1@example.org");
  EXPECT_EQ(answer.outcome, Outcome::kRefused);
  EXPECT_THAT(answer.detail, HasSubstr("550 5.1.1 Empf?nger unbekannt x"));
  EXPECT_EQ(answer.detail.size(), 500u);
}

class UnwelcomeTest : public SmtpRelayTest,
                      public ::testing::WithParamInterface<testing::SmtpSink::Mood> {};

TEST_P(UnwelcomeTest, WhatARelaySaysAboutUsDoesNotRefuseTheMail) {
  testing::SmtpSink sink(GetParam());
  SmtpRelay relay(Options(sink.port()));
  const RelayAnswer answer = SendBy(relay, "max@example.org", kPatient);
  EXPECT_EQ(answer.outcome, Outcome::kUnreachable);
  EXPECT_THAT(answer.detail, ::testing::StartsWith("55"));
}

INSTANTIATE_TEST_SUITE_P(Moods, UnwelcomeTest,
                         ::testing::Values(testing::SmtpSink::Mood::kTurnsAway,
                                           testing::SmtpSink::Mood::kKnowsNobody));

TEST(DeadRelayTest, NobodyListeningIsUnreachable) {
  int port = 0;
  {
    testing::SmtpSink gone;
    port = gone.port();
  }
  SmtpOptions options;
  options.port = port;
  options.security = SmtpOptions::Security::kPlain;
  SmtpRelay relay(options);
  EXPECT_EQ(relay.Send("a@b.example", "c@d.example", "x\r\n", kPatient).outcome,
            Outcome::kUnreachable);
}

TEST(PlainRelayTest, StartTlsIsNotGivenUpSilently) {
  testing::SmtpSink sink;  // offers none
  SmtpOptions options;
  options.port = sink.port();
  options.security = SmtpOptions::Security::kStartTls;
  SmtpRelay relay(options);
  EXPECT_EQ(relay.Send("a@b.example", "c@d.example", "x\r\n", kPatient).outcome,
            Outcome::kUnreachable);
  EXPECT_TRUE(sink.Mails().empty());
}

}  // namespace
}  // namespace sockel::notification
