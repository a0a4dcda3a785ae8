#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/auth/roles.h"
#include "common/error/error.h"
#include "common/error/grpc_status.h"
#include "common/rpc/testing/in_process_server.h"
#include "services/notification/inbox/inbox_service.h"
#include "services/notification/messages/message_service.h"
#include "services/notification/provisioning/provisioner_service.h"
#include "services/notification/senders/sender_service.h"
#include "services/notification/templates/template_service.h"
#include "services/notification/testing/fixture.h"

namespace sockel::notification {
namespace {

using rpc::testing::InProcessServer;

// All doors behind the real dispatcher, with the roles of the suite.
class DoorTest : public testing::NotificationFixture {
 protected:
  DoorTest() {
    AddSender("smi");
    server_.Serve(
        {&templates_door_, &senders_door_, &messages_door_, &inbox_door_, &provisioner_door_});
  }
  ~DoorTest() override { server_.Stop(); }

  grpc::Status SendAs(const std::string& tenant, const std::string& role,
                      const v1::SendMessageRequest& request, v1::Message* response) {
    const auto stub = v1::MessageService::NewStub(server_.channel());
    return stub->SendMessage(InProcessServer::Context(tenant, {role}).get(), request, response);
  }

  static v1::SendMessageRequest To(const std::string& address) {
    v1::SendMessageRequest request = Request({address});
    request.set_parent("tenants/smi");
    return request;
  }

  InProcessServer server_{{.domain = "notification.sockel", .allows = auth::Allows}};
  TemplateDoor templates_door_{server_.dispatcher(), templates_};
  SenderDoor senders_door_{server_.dispatcher(), senders_};
  MessageDoor messages_door_{server_.dispatcher(), messages_};
  InboxDoor inbox_door_{server_.dispatcher(), inboxes_};
  ProvisionerDoor provisioner_door_{server_.dispatcher(), provisioning_};
};

TEST_F(DoorTest, EveryRpcIsDeclaredAsItShould) {
  EXPECT_TRUE(server_.dispatcher().status().ok()) << server_.dispatcher().status();
}

TEST_F(DoorTest, ACaseworkerSends) {
  v1::Message sent;
  const grpc::Status status = SendAs("smi", "caseworker", To("a@example.org"), &sent);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(sent.delivery_counts(0).count(), 1);
}

TEST_F(DoorTest, AReaderMayNotSendAndNobodySendsForAnotherTenant) {
  v1::Message sent;
  EXPECT_EQ(SendAs("smi", "reader", To("a@example.org"), &sent).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(SendAs("other", "caseworker", To("a@example.org"), &sent).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(DoorTest, OnlyWhoeverMayRaiseAlarmsSendsEmergencies) {
  v1::SendMessageRequest request = To("a@example.org");
  request.mutable_message()->set_priority(v1::Message::EMERGENCY);
  v1::Message sent;
  EXPECT_EQ(SendAs("smi", "caseworker", request, &sent).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(SendAs("smi", "application", request, &sent).ok());
}

TEST_F(DoorTest, AThousandBadRecipientsAreStillToldAsSuch) {
  v1::SendMessageRequest request = To("no address");
  for (int i = 1; i < 1000; ++i) {
    request.mutable_message()->add_recipients()->set_email_address("no address either");
  }
  v1::Message sent;
  const absl::Status status = error::FromGrpc(SendAs("smi", "caseworker", request, &sent));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_EQ(error::ReasonOf(status), "RECIPIENT_INVALID");
  EXPECT_THAT(status.ToString(), ::testing::HasSubstr("nd 975 more"));
}

TEST_F(DoorTest, MalformedNamesAreRefusedWithTheField) {
  v1::Message sent;
  v1::SendMessageRequest request = To("a@example.org");
  request.mutable_message()->set_template_version("tenants/smi/templates/../versions/1");
  EXPECT_EQ(SendAs("smi", "caseworker", request, &sent).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  request = To("a@example.org");
  request.mutable_message()->set_sender("senders/default");
  EXPECT_EQ(SendAs("smi", "caseworker", request, &sent).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  request = To("a@example.org");
  request.mutable_message()->add_recipients()->set_user("nobody");
  EXPECT_EQ(SendAs("smi", "caseworker", request, &sent).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  request = To("a@example.org");
  request.mutable_message()->clear_recipients();
  EXPECT_EQ(SendAs("smi", "caseworker", request, &sent).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(DoorTest, AThousandRecipientsAreTakenAndOneMoreIsNot) {
  v1::SendMessageRequest request = To("a@example.org");
  for (int i = 1; i < 1000; ++i) {
    request.mutable_message()->add_recipients()->set_email_address(std::to_string(i) +
                                                                   "@x.example");
  }
  v1::Message sent;
  EXPECT_TRUE(SendAs("smi", "caseworker", request, &sent).ok());
  request.mutable_message()->add_recipients()->set_email_address("more@x.example");
  EXPECT_EQ(SendAs("smi", "caseworker", request, &sent).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(DoorTest, AParameterHasTenThousandCharactersAndNotOneMore) {
  v1::CreateTemplateRequest create;
  create.set_template_id("bescheid");
  v1::TemplateVersion* version = create.mutable_template_()->mutable_latest();
  v1::TemplateParameter* parameter = version->add_parameters();
  parameter->set_id("txt");
  parameter->set_type(v1::TemplateParameter::TEXT);
  v1::TemplateText* text = version->add_texts();
  text->set_locale("de");
  text->set_subject("Bescheid");
  text->set_text_body("{{txt}}");
  const auto created = templates_.Create(In("smi"), create);
  ASSERT_TRUE(created.ok()) << created.status();
  v1::SendMessageRequest request = To("a@example.org");
  request.mutable_message()->set_template_version(created->latest().name());
  (*request.mutable_message()->mutable_parameters())["txt"] = std::string(10'000, 'x');
  v1::Message sent;
  const grpc::Status status = SendAs("smi", "caseworker", request, &sent);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(sent.rendered().text_body(), std::string(10'000, 'x'));
  (*request.mutable_message()->mutable_parameters())["txt"] += 'x';
  const absl::Status refused = error::FromGrpc(SendAs("smi", "caseworker", request, &sent));
  EXPECT_EQ(error::ReasonOf(refused), "FIELD_INVALID");
  EXPECT_THAT(
      std::string(refused.message()),
      ::testing::HasSubstr("message.parameters[\"txt\"]: must have at most 10000 characters"));
}

TEST_F(DoorTest, AUserReadsOnlyTheOwnInbox) {
  const auto stub = v1::InboxService::NewStub(server_.channel());
  v1::ListInboxItemsRequest request;
  request.set_parent("tenants/smi/users/u1");
  v1::ListInboxItemsResponse response;
  EXPECT_TRUE(stub->ListInboxItems(InProcessServer::Context("smi", {"reader"}, "u1").get(), request,
                                   &response)
                  .ok());
  EXPECT_EQ(stub->ListInboxItems(InProcessServer::Context("smi", {"tenant-admin"}, "u2").get(),
                                 request, &response)
                .error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(DoorTest, TheCatalogProvisions) {
  const auto stub = provisioner::v1::ProvisionerService::NewStub(server_.channel());
  provisioner::v1::ProvisionRequest request;
  request.set_instance_id("01900000-0000-7000-8000-000000000001");
  request.set_tenant_code("new");
  (*request.mutable_parameters()->mutable_fields())["sender_address"].set_string_value(
      "post@new.example");
  provisioner::v1::Operation operation;
  const grpc::Status status = stub->Provision(
      InProcessServer::Context("provider", {"provisioner"}).get(), request, &operation);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(operation.state(), provisioner::v1::Operation::SUCCEEDED);
  EXPECT_EQ(
      stub->Provision(InProcessServer::Context("smi", {"tenant-admin"}).get(), request, &operation)
          .error_code(),
      grpc::StatusCode::PERMISSION_DENIED);
}

}  // namespace
}  // namespace sockel::notification
