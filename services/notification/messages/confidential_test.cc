// Who reads the text of a message again, and what is left of it.
#include <gmock/gmock.h>

#include <thread>

#include "services/notification/messages/message.h"
#include "services/notification/testing/fixture.h"

namespace sockel::notification {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using v1::Delivery;
using v1::Message;

constexpr char kSecret[] = "K7QX-TIGER";

class ConfidentialTest : public testing::NotificationFixture {
 protected:
  ConfidentialTest() { AddSender("smi"); }

  static v1::SendMessageRequest WithSecret(const std::vector<std::string>& recipients,
                                           bool confidential) {
    v1::SendMessageRequest request = Request(recipients);
    request.mutable_message()->mutable_content()->set_text_body(kSecret);
    request.mutable_message()->set_confidential(confidential);
    return request;
  }

  static Caller Colleague() {
    return sockel::testing::MakeCaller("smi", "tenants/smi/users/colleague");
  }

  Message GetAs(const Caller& caller, const Message& message) {
    v1::GetMessageRequest request;
    request.set_name(message.name());
    const auto got = messages_.Get(caller, request);
    EXPECT_TRUE(got.ok()) << got.status();
    return got.ok() ? *got : Message();
  }

  // What the whole database still knows, as text.
  std::string Everything() {
    pqxx::connection connection(database_.superuser_conninfo());
    pqxx::nontransaction tx(connection);
    std::string all;
    for (const char* table :
         {"messages", "deliveries", "idempotency_keys", "events", "ledger_pending"}) {
      for (const auto& row : tx.exec("SELECT t::text FROM " + std::string(table) + " t")) {
        all += row[0].as<std::string>() + "\n";
      }
    }
    // bytea is shown in hex.
    for (const auto& row : tx.exec("SELECT encode(response, 'escape') FROM idempotency_keys")) {
      all += row[0].as<std::string>() + "\n";
    }
    return all;
  }
};

TEST_F(ConfidentialTest, OnlyTheCreatorReadsTheTextAgain) {
  const Message sent = Send(WithSecret({"a@example.org"}, false));
  EXPECT_EQ(sent.creator(), In("smi").subject);
  EXPECT_EQ(sent.rendered().text_body(), kSecret);
  EXPECT_EQ(GetAs(In("smi"), sent).rendered().text_body(), kSecret);
  const Message seen = GetAs(Colleague(), sent);
  EXPECT_FALSE(seen.has_rendered());
  EXPECT_EQ(seen.creator(), sent.creator());
  EXPECT_EQ(seen.delivery_counts_size(), 1);
}

TEST_F(ConfidentialTest, OnlyTheCreatorSeesAddressesAndTheWordsThatRepeatThem) {
  post_.Answer("a@", RelayAnswer::Outcome::kRefused, "550 <a@example.org> unknown");
  const Message sent = Send(Request({"a@example.org", "tenants/smi/users/u1"}));
  DeliverAll();
  v1::ListDeliveriesRequest request;
  request.set_parent(sent.name());
  const auto own = messages_.ListDeliveries(In("smi"), request);
  ASSERT_TRUE(own.ok()) << own.status();
  EXPECT_THAT(own->ShortDebugString(), HasSubstr("550 <a@example.org> unknown"));
  const auto seen = messages_.ListDeliveries(Colleague(), request);
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_THAT(seen->ShortDebugString(), Not(HasSubstr("a@example.org")));
  EXPECT_EQ(seen->deliveries(0).state(), Delivery::PERMANENT_FAILURE);
  EXPECT_EQ(seen->deliveries(1).recipient().user(), "tenants/smi/users/u1");
}

TEST_F(ConfidentialTest, AConfidentialTextIsInNoAnswerNotEvenInTheFirst) {
  const Caller caller = sockel::testing::WithRequestId(In("smi"));
  const v1::SendMessageRequest request = WithSecret({"a@example.org"}, true);
  for (int i = 0; i < 2; ++i) {
    const auto sent = messages_.Send(caller, request);
    ASSERT_TRUE(sent.ok()) << sent.status();
    EXPECT_TRUE(sent->confidential());
    EXPECT_FALSE(sent->has_rendered());
    EXPECT_FALSE(GetAs(In("smi"), *sent).has_rendered());
  }
  EXPECT_THAT(Everything(), HasSubstr(kSecret)) << "it must still be sent";
}

TEST_F(ConfidentialTest, NothingIsLeftOfAConfidentialTextOnceItIsDelivered) {
  const Caller caller = sockel::testing::WithRequestId(In("smi"));
  const auto sent = messages_.Send(caller, WithSecret({"a@example.org"}, true));
  ASSERT_TRUE(sent.ok()) << sent.status();
  DeliverAll();
  ASSERT_EQ(post_.mails().size(), 1u);
  EXPECT_THAT(post_.mails()[0].mime, HasSubstr(kSecret));
  EXPECT_THAT(Everything(), Not(HasSubstr(kSecret)));
  EXPECT_EQ(DeliveryOf(*sent).state(), Delivery::SENT);
}

TEST_F(ConfidentialTest, AConfidentialTextStaysUntilTheLastDeliveryIsFinal) {
  post_.Answer("grey@", RelayAnswer::Outcome::kDeferred);
  Send(WithSecret({"a@example.org", "grey@example.org"}, true));
  DeliverAll();
  EXPECT_THAT(Everything(), HasSubstr(kSecret));
  post_.Answer("grey@", RelayAnswer::Outcome::kAccepted);
  clock_.Advance(absl::Minutes(1));
  DeliverAll();
  EXPECT_THAT(post_.mails().back().mime, HasSubstr(kSecret));
  EXPECT_THAT(Everything(), Not(HasSubstr(kSecret)));
}

TEST_F(ConfidentialTest, NothingIsLeftHoweverManyWorkersEndItTogether) {
  options_.batch = 1;
  for (int i = 0; i < 20; ++i) {
    Send(WithSecret({"a@example.org", "b@example.org", "c@example.org"}, true));
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([this] { DeliverAll(); });
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(post_.mails().size(), 60u);
  EXPECT_THAT(Everything(), Not(HasSubstr(kSecret)));
}

TEST_F(ConfidentialTest, TheTextOfAnOrdinaryMessageStays) {
  Send(WithSecret({"a@example.org"}, false));
  DeliverAll();
  EXPECT_THAT(Everything(), HasSubstr(kSecret));
}

}  // namespace
}  // namespace sockel::notification
