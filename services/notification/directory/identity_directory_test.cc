#include "services/notification/directory/identity_directory.h"

#include <gtest/gtest.h>

#include "common/testing/callers.h"
#include "common/testing/fake_clock.h"

namespace sockel::notification {
namespace {

// An identity that knows one user and counts the questions.
class OneUser final : public identity::v1::UserService::Service {
 public:
  grpc::Status GetUser(grpc::ServerContext* context, const identity::v1::GetUserRequest* request,
                       identity::v1::User* response) override {
    ++asked;
    const auto found = context->client_metadata().find("traceparent");
    if (found != context->client_metadata().end()) {
      traceparent.assign(found->second.data(), found->second.size());
    }
    if (request->name() != "tenants/smi/users/u1") return {grpc::StatusCode::NOT_FOUND, "no"};
    response->set_email_address("u1@smi.example");
    response->set_display_name("Eva");
    return grpc::Status::OK;
  }
  int asked = 0;
  std::string traceparent;
};

class IdentityDirectoryTest : public ::testing::Test {
 protected:
  IdentityDirectoryTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&users_);
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    server_ = builder.BuildAndStart();
  }
  std::shared_ptr<grpc::Channel> Channel() const {
    return grpc::CreateChannel("127.0.0.1:" + std::to_string(port_),
                               grpc::InsecureChannelCredentials());
  }

  OneUser users_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  sockel::testing::FakeClock clock_;
};

TEST_F(IdentityDirectoryTest, RemembersAUserForAWhile) {
  IdentityDirectory directory(Channel(), clock_);
  for (int i = 0; i < 3; ++i) {
    const auto user = directory.Find(Caller(), "tenants/smi/users/u1");
    ASSERT_TRUE(user.ok()) << user.status();
    EXPECT_EQ(user->email_address, "u1@smi.example");
    EXPECT_EQ(user->display_name, "Eva");
  }
  EXPECT_EQ(users_.asked, 1);
  clock_.Advance(absl::Minutes(1));
  EXPECT_TRUE(directory.Find(Caller(), "tenants/smi/users/u1").ok());
  EXPECT_EQ(users_.asked, 2);
}

TEST_F(IdentityDirectoryTest, AsksAsPartOfTheCallersTrace) {
  IdentityDirectory directory(Channel(), clock_);
  const Caller caller = sockel::testing::MakeCaller("smi");
  EXPECT_TRUE(directory.Find(caller, "tenants/smi/users/u1").ok());
  EXPECT_EQ(users_.traceparent, "00-" + caller.trace_id + "-" + caller.span_id + "-01");
}

TEST_F(IdentityDirectoryTest, TellsUnknownFromUnavailable) {
  IdentityDirectory directory(Channel(), clock_);
  EXPECT_EQ(directory.Find(Caller(), "tenants/smi/users/u2").status().code(),
            absl::StatusCode::kNotFound);
  server_->Shutdown();
  const absl::StatusCode code = directory.Find(Caller(), "tenants/smi/users/u1").status().code();
  EXPECT_NE(code, absl::StatusCode::kNotFound);
  EXPECT_NE(code, absl::StatusCode::kOk);
}

}  // namespace
}  // namespace sockel::notification
