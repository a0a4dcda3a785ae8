#include "services/notification/messages/message.h"

#include <gmock/gmock.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "services/notification/testing/fixture.h"

namespace sockel::notification {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class MessagesTest : public testing::NotificationFixture {
 protected:
  MessagesTest() { AddSender("smi"); }

  v1::Message Get(const std::string& name) {
    v1::GetMessageRequest request;
    request.set_name(name);
    const auto message = messages_.Get(In("smi"), request);
    EXPECT_TRUE(message.ok()) << message.status();
    return message.ok() ? *message : v1::Message();
  }
};

TEST_F(MessagesTest, AMessageIsStoredWithItsDeliveries) {
  v1::SendMessageRequest request = Request({"a@example.org", "tenants/smi/users/u1"});
  request.mutable_message()->add_channels(v1::Message::EMAIL);
  request.mutable_message()->add_channels(v1::Message::INBOX);
  request.mutable_message()->set_reference("tenants/smi/dossiers/1");
  const v1::Message sent = Send(request);
  EXPECT_EQ(Get(sent.name()).SerializeAsString(), sent.SerializeAsString());
  const std::vector<v1::Delivery> deliveries = DeliveriesOf(sent);
  ASSERT_THAT(deliveries, SizeIs(3));
  EXPECT_EQ(deliveries[0].recipient().email_address(), "a@example.org");
  EXPECT_EQ(deliveries[1].recipient().user(), "tenants/smi/users/u1");
  EXPECT_EQ(deliveries[2].channel(), v1::Message::INBOX);
  EXPECT_THAT(deliveries[2].message_id(), IsEmpty());
  EXPECT_EQ(deliveries[0].message_id(), IdsIn(deliveries[0].name())[2] + "@smi.example");
  EXPECT_EQ(Story(deliveries[0]), "accepted");
}

TEST_F(MessagesTest, TakesAThousandRecipientsAtOnce) {
  std::vector<std::string> recipients;
  for (int i = 0; i < 1000; ++i) recipients.push_back(absl::StrCat("r", i, "@example.org"));
  const v1::Message sent = Send(Request(recipients));
  EXPECT_EQ(sent.delivery_counts(0).count(), 1000);
  EXPECT_THAT(DeliveriesOf(sent), SizeIs(1000));
}

TEST_F(MessagesTest, OneBadRecipientRefusesTheWholeMessage) {
  std::vector<std::string> recipients(500, "good@example.org");
  recipients[77] = "bad\r\nRCPT TO:<x@y.z>";
  const auto refused = messages_.Send(In("smi"), Request(recipients));
  EXPECT_EQ(error::ReasonOf(refused.status()), "RECIPIENT_INVALID");
  v1::ListMessagesRequest list;
  list.set_parent("tenants/smi");
  EXPECT_EQ(messages_.List(In("smi"), list)->messages_size(), 0);
}

TEST_F(MessagesTest, TheSameRequestTwiceIsOneMessage) {
  const Caller caller = sockel::testing::WithRequestId(In("smi"));
  const auto first = messages_.Send(caller, Request({"a@example.org"}));
  const auto second = messages_.Send(caller, Request({"a@example.org"}));
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->SerializeAsString(), second->SerializeAsString());
  DeliverAll();
  EXPECT_THAT(post_.mails(), SizeIs(1));
}

TEST_F(MessagesTest, TheSameRequestConcurrentlyIsOneMessage) {
  const Caller caller = sockel::testing::WithRequestId(In("smi"));
  std::vector<std::string> names(8);
  std::vector<std::thread> threads;
  for (std::string& name : names) {
    threads.emplace_back([&] {
      const auto sent = messages_.Send(caller, Request({"a@example.org"}));
      name = sent.ok() ? sent->name() : sent.status().ToString();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(names, ::testing::Each(names[0]));
  DeliverAll();
  EXPECT_THAT(post_.mails(), SizeIs(1));
}

TEST_F(MessagesTest, WithoutASenderItIsRefusedUnlessThereIsAFallback) {
  const auto refused = messages_.Send(In("other"), Request({"a@example.org"}));
  EXPECT_EQ(error::ReasonOf(refused.status()), "SENDER_MISSING");
  Messages with_fallback(db_, tokens_, {.fallback_sender = {"noreply@provider.example", "IT"}});
  const auto sent = with_fallback.Send(In("other"), Request({"a@example.org"}));
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_EQ(IdsIn(DeliveryOf(*sent).name())[2] + "@provider.example",
            DeliveryOf(*sent).message_id());
}

TEST_F(MessagesTest, ANamedSenderMustExistInTheTenant) {
  v1::SendMessageRequest request = Request({"a@example.org"});
  request.mutable_message()->set_sender("tenants/smi/senders/other");
  EXPECT_EQ(messages_.Send(In("smi"), request).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(MessagesTest, ATemplateIsRenderedBeforeAcceptance) {
  v1::CreateTemplateRequest create;
  create.set_template_id("decision");
  v1::TemplateVersion* version = create.mutable_template_()->mutable_latest();
  version->add_parameters()->set_id("due");
  version->mutable_parameters(0)->set_type(v1::TemplateParameter::DATE);
  v1::TemplateText* text = version->add_texts();
  text->set_locale("de");
  text->set_subject("Bis {{due}}");
  text->set_text_body("x");
  ASSERT_TRUE(templates_.Create(In("smi"), create).ok());

  v1::SendMessageRequest request = Request({"a@example.org"});
  request.mutable_message()->set_template_version("tenants/smi/templates/decision/versions/latest");
  EXPECT_EQ(error::ReasonOf(messages_.Send(In("smi"), request).status()), "PARAMETER_MISSING");
  (*request.mutable_message()->mutable_parameters())["due"] = "2024-05-31";
  const v1::Message sent = Send(request);
  EXPECT_EQ(sent.template_version(), "tenants/smi/templates/decision/versions/1");
  EXPECT_EQ(sent.rendered().subject(), "Bis 31.05.2024");
  AddSender("other");
  EXPECT_EQ(messages_.Send(In("other"), request).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(MessagesTest, AnEmergencyNeedsAPermissionOfItsOwn) {
  v1::SendMessageRequest request = Request({"a@example.org"});
  request.mutable_message()->set_priority(v1::Message::EMERGENCY);
  const auto refused = messages_.Send(
      sockel::testing::MakeCaller("smi", "tenants/smi/users/u1", {"caseworker"}), request);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(error::ReasonOf(refused.status()), "PERMISSION_MISSING");
  const auto sent = messages_.Send(
      sockel::testing::MakeCaller("smi", "tenants/smi/users/u1", {"application"}), request);
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_EQ(sent->priority(), v1::Message::EMERGENCY);
}

TEST_F(MessagesTest, APageOfLongStoriesEndsBeforeClientsRefuseIt) {
  std::vector<std::string> recipients;
  for (int i = 0; i < 150; ++i) recipients.push_back(absl::StrCat("r", i, "@example.org"));
  const v1::Message sent = Send(Request(recipients));
  {
    pqxx::connection connection(database_.superuser_conninfo());
    pqxx::nontransaction(connection)
        .exec(
            "UPDATE deliveries SET transitions = (SELECT jsonb_agg(jsonb_build_object("
            "'t', 1, 's', 4, 'r', 'relay_deferred', 'd', repeat('x', 500), 'a', i)) "
            "FROM generate_series(1, 100) i)");
  }
  v1::ListDeliveriesRequest request;
  request.set_parent(sent.name());
  request.set_page_size(1000);
  int seen = 0;
  do {
    const auto page = messages_.ListDeliveries(In("smi"), request);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_LT(page->ByteSizeLong(), 4u * 1024 * 1024);
    ASSERT_GT(page->deliveries_size(), 0);
    seen += page->deliveries_size();
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(seen, 150);
}

TEST_F(MessagesTest, AnotherTenantsMessageIsNotFound) {
  const v1::Message sent = Send(Request({"a@example.org"}));
  v1::GetMessageRequest get;
  get.set_name("tenants/other/messages/" + IdsIn(sent.name())[1]);
  EXPECT_EQ(messages_.Get(In("other"), get).status().code(), absl::StatusCode::kNotFound);
  v1::ListDeliveriesRequest list;
  list.set_parent(get.name());
  EXPECT_EQ(messages_.ListDeliveries(In("other"), list).status().code(),
            absl::StatusCode::kNotFound);
  get.set_name("tenants/smi/messages/no-uuid");
  EXPECT_EQ(messages_.Get(In("smi"), get).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(MessagesTest, ListsNewestFirstInPagesAndByReference) {
  std::vector<std::string> names;
  for (int i = 0; i < 3; ++i) {
    v1::SendMessageRequest request = Request({"a@example.org"});
    request.mutable_message()->set_reference(i == 1 ? "middle" : "");
    names.push_back(Send(request).name());
    clock_.Advance(absl::Seconds(1));
  }
  v1::ListMessagesRequest request;
  request.set_parent("tenants/smi");
  request.set_page_size(2);
  auto page = messages_.List(In("smi"), request);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->messages_size(), 2);
  EXPECT_EQ(page->messages(0).name(), names[2]);
  request.set_page_token(page->next_page_token());
  page = messages_.List(In("smi"), request);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->messages(0).name(), names[0]);
  request.clear_page_token();
  request.set_reference("middle");
  page = messages_.List(In("smi"), request);
  ASSERT_EQ(page->messages_size(), 1);
  EXPECT_EQ(page->messages(0).name(), names[1]);
}

}  // namespace
}  // namespace sockel::notification
