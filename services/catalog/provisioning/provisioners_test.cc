#include "services/catalog/provisioning/provisioners.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/testing/callers.h"
#include "sockel/identity/v1/user.grpc.pb.h"
#include "sockel/notification/v1/message.grpc.pb.h"
#include "sockel/provisioner/v1/provisioner.grpc.pb.h"

namespace sockel::catalog {
namespace {

using notification::v1::Message;
using provisioner::v1::Operation;
using ::testing::ElementsAre;

std::string TraceparentOf(const grpc::ServerContext& context) {
  const auto found = context.client_metadata().find("traceparent");
  return found == context.client_metadata().end()
             ? ""
             : std::string(found->second.data(), found->second.size());
}

class FakeUsers final : public identity::v1::UserService::Service {
 public:
  grpc::Status IssueActivationCode(grpc::ServerContext* context,
                                   const identity::v1::IssueActivationCodeRequest*,
                                   identity::v1::IssueActivationCodeResponse* response) override {
    traceparent = TraceparentOf(*context);
    response->set_login("admin");
    response->set_code("K7QX-TIGER");
    return grpc::Status::OK;
  }
  std::string traceparent;
};

class FakeMessages final : public notification::v1::MessageService::Service {
 public:
  grpc::Status SendMessage(grpc::ServerContext* context,
                           const notification::v1::SendMessageRequest* request, Message*) override {
    traceparent = TraceparentOf(*context);
    sent = *request;
    return grpc::Status::OK;
  }
  std::string traceparent;
  notification::v1::SendMessageRequest sent;
};

class FakeInstances final : public provisioner::v1::ProvisionerService::Service {
 public:
  grpc::Status Provision(grpc::ServerContext* context, const provisioner::v1::ProvisionRequest*,
                         Operation*) override {
    return Note(*context);
  }
  grpc::Status GetOperation(grpc::ServerContext* context,
                            const provisioner::v1::GetOperationRequest*, Operation*) override {
    return Note(*context);
  }
  grpc::Status Deprovision(grpc::ServerContext* context, const provisioner::v1::DeprovisionRequest*,
                           Operation*) override {
    return Note(*context);
  }
  std::vector<std::string> traceparents;  // of all calls

 private:
  grpc::Status Note(const grpc::ServerContext& context) {
    traceparents.push_back(TraceparentOf(context));
    return grpc::Status::OK;
  }
};

class ProvisionersTest : public ::testing::Test {
 protected:
  ProvisionersTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&users_);
    builder.RegisterService(&messages_);
    builder.RegisterService(&instances_);
    server_ = builder.BuildAndStart();
  }
  ~ProvisionersTest() override { server_->Shutdown(); }

  std::shared_ptr<grpc::Channel> Channel() { return server_->InProcessChannel({}); }

  FakeUsers users_;
  FakeMessages messages_;
  FakeInstances instances_;
  std::unique_ptr<grpc::Server> server_;
};

// Whoever else could read it would become the tenant's administrator.
TEST_F(ProvisionersTest, TheCodeGoesToTheAdministratorAndIsNotKept) {
  GrpcProvisioners provisioners({{"identity", Channel()}, {"notification", Channel()}});
  const absl::Status status = provisioners.Invite(Caller(), "tenants/smf/users/7");
  ASSERT_TRUE(status.ok()) << status;
  const Message& message = messages_.sent.message();
  EXPECT_EQ(messages_.sent.parent(), "tenants/smf");
  ASSERT_EQ(message.recipients_size(), 1);
  EXPECT_EQ(message.recipients(0).user(), "tenants/smf/users/7");
  EXPECT_THAT(message.content().text_body(), ::testing::HasSubstr("K7QX-TIGER"));
  EXPECT_TRUE(message.confidential());
}

TEST_F(ProvisionersTest, EveryCallIsPartOfTheCallersTrace) {
  GrpcProvisioners provisioners(
      {{"identity", Channel()}, {"efile", Channel()}, {"notification", Channel()}});
  const Caller caller = sockel::testing::MakeCaller("provider");
  const std::string expected = "00-" + caller.trace_id + "-" + caller.span_id + "-01";
  EXPECT_TRUE(provisioners.Provision(caller, "efile", {}).ok());
  EXPECT_TRUE(provisioners.GetOperation(caller, "efile", "0190").ok());
  EXPECT_TRUE(provisioners.Deprovision(caller, "efile", "0190").ok());
  EXPECT_THAT(instances_.traceparents, ElementsAre(expected, expected, expected));
  EXPECT_TRUE(provisioners.Invite(caller, "tenants/smf/users/7").ok());
  EXPECT_EQ(users_.traceparent, expected);
  EXPECT_EQ(messages_.traceparent, expected);
}

}  // namespace
}  // namespace sockel::catalog
