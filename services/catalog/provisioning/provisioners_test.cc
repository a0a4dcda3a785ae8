#include "services/catalog/provisioning/provisioners.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "sockel/identity/v1/user.grpc.pb.h"
#include "sockel/notification/v1/message.grpc.pb.h"

namespace sockel::catalog {
namespace {

using notification::v1::Message;

class FakeUsers final : public identity::v1::UserService::Service {
 public:
  grpc::Status IssueActivationCode(grpc::ServerContext*,
                                   const identity::v1::IssueActivationCodeRequest*,
                                   identity::v1::IssueActivationCodeResponse* response) override {
    response->set_login("admin");
    response->set_code("K7QX-TIGER");
    return grpc::Status::OK;
  }
};

class FakeMessages final : public notification::v1::MessageService::Service {
 public:
  grpc::Status SendMessage(grpc::ServerContext*,
                           const notification::v1::SendMessageRequest* request, Message*) override {
    sent = *request;
    return grpc::Status::OK;
  }
  notification::v1::SendMessageRequest sent;
};

class InviteTest : public ::testing::Test {
 protected:
  InviteTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&users_);
    builder.RegisterService(&messages_);
    server_ = builder.BuildAndStart();
  }
  ~InviteTest() override { server_->Shutdown(); }

  std::shared_ptr<grpc::Channel> Channel() { return server_->InProcessChannel({}); }

  FakeUsers users_;
  FakeMessages messages_;
  std::unique_ptr<grpc::Server> server_;
};

// Whoever else could read it would become the tenant's administrator.
TEST_F(InviteTest, TheCodeGoesToTheAdministratorAndIsNotKept) {
  GrpcProvisioners provisioners({{"identity", Channel()}, {"notification", Channel()}});
  const absl::Status status = provisioners.Invite("tenants/smf/users/7");
  ASSERT_TRUE(status.ok()) << status;
  const Message& message = messages_.sent.message();
  EXPECT_EQ(messages_.sent.parent(), "tenants/smf");
  ASSERT_EQ(message.recipients_size(), 1);
  EXPECT_EQ(message.recipients(0).user(), "tenants/smf/users/7");
  EXPECT_THAT(message.content().text_body(), ::testing::HasSubstr("K7QX-TIGER"));
  EXPECT_TRUE(message.confidential());
}

}  // namespace
}  // namespace sockel::catalog
