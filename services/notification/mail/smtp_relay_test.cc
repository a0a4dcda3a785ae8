#include "services/notification/mail/smtp_relay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/notification/testing/smtp_sink.h"

namespace sockel::notification {
namespace {

using ::testing::HasSubstr;
using Outcome = RelayAnswer::Outcome;

class SmtpRelayTest : public ::testing::Test {
 protected:
  static SmtpOptions Options(int port) {
    SmtpOptions options;
    options.port = port;
    options.security = SmtpOptions::Security::kPlain;
    options.send_timeout = absl::Milliseconds(500);
    return options;
  }

  RelayAnswer Send(const std::string& to) {
    return relay_.Send("from@smi.example", to, "Subject: hi\r\n\r\n.dot\r\n..\r\nend\r\n");
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
  EXPECT_EQ(relay.Send("a@b.example", "c@d.example", "x\r\n").outcome, Outcome::kUnreachable);
}

TEST(PlainRelayTest, StartTlsIsNotGivenUpSilently) {
  testing::SmtpSink sink;  // offers none
  SmtpOptions options;
  options.port = sink.port();
  options.security = SmtpOptions::Security::kStartTls;
  SmtpRelay relay(options);
  EXPECT_EQ(relay.Send("a@b.example", "c@d.example", "x\r\n").outcome, Outcome::kUnreachable);
  EXPECT_TRUE(sink.Mails().empty());
}

}  // namespace
}  // namespace sockel::notification
