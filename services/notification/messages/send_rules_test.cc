#include "services/notification/messages/send_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "common/clock/timestamp.h"
#include "common/error/error.h"

namespace sockel::notification {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using v1::Message;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

Message Valid() {
  Message message;
  message.mutable_content()->set_subject("Hello");
  message.mutable_content()->set_text_body("Text");
  message.add_recipients()->set_email_address("max@example.org");
  return message;
}

TEST(PlanMessageTest, FillsInTheDefaults) {
  const auto plan = PlanMessage(Valid(), "smi", kNow);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->priority, Message::TRANSACTIONAL);
  EXPECT_EQ(plan->sender_id, "default");
  EXPECT_EQ(plan->channels, std::vector{Message::EMAIL});
  EXPECT_EQ(plan->expire, kNow + absl::Hours(72));
  EXPECT_FALSE(plan->not_before.has_value());
}

TEST(PlanMessageTest, MakesOneDeliveryForEachRecipientAndChannel) {
  Message message = Valid();
  message.add_recipients()->set_user("tenants/smi/users/u1");
  message.add_recipients()->set_user("tenants/smi/users/u1");
  message.add_channels(Message::EMAIL);
  message.add_channels(Message::INBOX);
  message.add_channels(Message::EMAIL);
  const auto plan = PlanMessage(message, "smi", kNow);
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_THAT(plan->deliveries, SizeIs(3));
  EXPECT_EQ(plan->deliveries[0].email_address, "max@example.org");
  EXPECT_EQ(plan->deliveries[1].user_id, "u1");
  EXPECT_EQ(plan->deliveries[1].channel, Message::EMAIL);
  EXPECT_EQ(plan->deliveries[2].channel, Message::INBOX);
}

TEST(PlanMessageTest, NamesTheBadRecipients) {
  Message message = Valid();
  message.add_recipients()->set_email_address("no address");
  message.add_recipients()->set_user("tenants/other/users/u1");
  message.add_recipients();
  const absl::Status status = PlanMessage(message, "smi", kNow).status();
  EXPECT_EQ(error::ReasonOf(status), "RECIPIENT_INVALID");
  const std::string details = status.ToString();
  EXPECT_THAT(std::string(status.message()), HasSubstr("message.recipients[1]"));
  for (const char* field : {"recipients[1]", "recipients[2]", "recipients[3]"}) {
    EXPECT_THAT(details, HasSubstr(field));
  }
}

TEST(PlanMessageTest, NamesOfManyBadRecipientsTheFirstAndSaysHowManyMoreThereAre) {
  Message message = Valid();
  for (int i = 0; i < 999; ++i) message.add_recipients()->set_email_address("no address");
  const std::string details = PlanMessage(message, "smi", kNow).status().ToString();
  EXPECT_THAT(details, HasSubstr("recipients[25]"));
  EXPECT_THAT(details, Not(HasSubstr("recipients[26]")));
  EXPECT_THAT(details, HasSubstr("nd 974 more"));
  EXPECT_LT(details.size(), 6'000u);
}

TEST(PlanMessageTest, AConfidentialMessageGoesByMailOnly) {
  Message message = Valid();
  message.set_confidential(true);
  EXPECT_TRUE(PlanMessage(message, "smi", kNow).ok());
  message.add_channels(Message::EMAIL);
  EXPECT_TRUE(PlanMessage(message, "smi", kNow).ok());
  message.add_channels(Message::INBOX);
  const absl::Status status = PlanMessage(message, "smi", kNow).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("message.channels"));
}

TEST(PlanMessageTest, APlainAddressNeedsTheMailChannel) {
  Message message = Valid();
  message.add_channels(Message::INBOX);
  EXPECT_EQ(error::ReasonOf(PlanMessage(message, "smi", kNow).status()), "RECIPIENT_INVALID");
}

TEST(PlanMessageTest, AnotherTenantsSenderIsNotFound) {
  Message message = Valid();
  message.set_sender("tenants/other/senders/s");
  EXPECT_EQ(PlanMessage(message, "smi", kNow).status().code(), absl::StatusCode::kNotFound);
}

TEST(PlanMessageTest, RefusesWhatCannotBeMeant) {
  const std::vector<std::pair<const char*, std::function<void(Message&)>>> cases = {
      {"message:", [](Message& m) { m.clear_body(); }},
      {"message.content.subject",
       [](Message& m) { m.mutable_content()->set_subject("a\r\nBcc: x"); }},
      {"message.content.text_body",
       [](Message& m) { m.mutable_content()->set_text_body("a\x1b"); }},
      {"message.parameters", [](Message& m) { (*m.mutable_parameters())["a"] = "b"; }},
      {"message.reference", [](Message& m) { m.set_reference("a\nb"); }},
      {"message.channels[0]", [](Message& m) { m.add_channels(Message::CHANNEL_UNSPECIFIED); }},
      {"message.expire_time", [](Message& m) { *m.mutable_expire_time() = ToTimestamp(kNow); }},
      {"message.not_before_time",
       [](Message& m) {
         *m.mutable_not_before_time() = ToTimestamp(kNow + absl::Hours(24 * 400));
       }},
  };
  for (const auto& [field, spoil] : cases) {
    Message message = Valid();
    spoil(message);
    const absl::Status status = PlanMessage(message, "smi", kNow).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << field;
    EXPECT_THAT(std::string(status.message()), HasSubstr(field));
  }
}

}  // namespace
}  // namespace sockel::notification
