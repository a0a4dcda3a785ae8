#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/error/error.h"
#include "common/error/grpc_status.h"
#include "sockel/identity/v1/role_binding.grpc.pb.h"
#include "sockel/identity/v1/user.grpc.pb.h"
#include "sockel/notification/v1/message.grpc.pb.h"
#include "tools/sockel/commands.h"
#include "tools/sockel/exit_code.h"
#include "tools/sockel/testing_folder.h"

namespace sockel::cli {
namespace {

using identity::v1::RoleBinding;
using identity::v1::RoleBindingService;
using identity::v1::User;
using identity::v1::UserService;
using notification::v1::Delivery;
using notification::v1::Message;
using notification::v1::MessageService;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kErika[] = "tenants/smi/users/0190a1b2-0000-7000-8000-000000000001";
constexpr char kErikasId[] = "0190a1b2-0000-7000-8000-000000000001";

// Knows erika.
class FakeUsers final : public UserService::Service {
 public:
  std::atomic<bool> lets_list{true};
  std::atomic<int> created{0};

  grpc::Status CreateUser(grpc::ServerContext*, const identity::v1::CreateUserRequest* request,
                          User* answer) override {
    ++created;
    *answer = request->user();
    answer->set_name(kErika);
    return grpc::Status::OK;
  }
  grpc::Status ListUsers(grpc::ServerContext*, const identity::v1::ListUsersRequest* request,
                         identity::v1::ListUsersResponse* answer) override {
    if (!lets_list) {
      return error::ToGrpc(
          error::Make(absl::StatusCode::kPermissionDenied, error::CommonReason::PERMISSION_MISSING,
                      "needed", {{"permission", "identity.users.list"}}),
          "identity.sockel");
    }
    if (request->login() == "erika") answer->add_users()->set_name(kErika);
    return grpc::Status::OK;
  }
  grpc::Status ActivateUser(grpc::ServerContext*, const identity::v1::ActivateUserRequest*,
                            identity::v1::ActivateUserResponse* answer) override {
    answer->set_name(kErika);
    return grpc::Status::OK;
  }
};

// Gives every role but `operator`.
class FakeBindings final : public RoleBindingService::Service {
 public:
  grpc::Status CreateRoleBinding(grpc::ServerContext*,
                                 const identity::v1::CreateRoleBindingRequest* request,
                                 RoleBinding* answer) override {
    if (request->role_binding().role() == "operator") {
      return error::ToGrpc(error::Make(absl::StatusCode::kPermissionDenied, "ROLE_NOT_GRANTABLE",
                                       "You cannot give it."),
                           "identity.sockel");
    }
    *answer = request->role_binding();
    return grpc::Status::OK;
  }
};

// Takes every message; nobody gets it.
class FakeMessages final : public MessageService::Service {
 public:
  std::atomic<bool> are_final{true};

  // To whom the messages were, users and addresses.
  std::vector<std::string> recipients() const {
    absl::MutexLock lock(&mutex_);
    return recipients_;
  }

  grpc::Status SendMessage(grpc::ServerContext*,
                           const notification::v1::SendMessageRequest* request,
                           Message* answer) override {
    absl::MutexLock lock(&mutex_);
    for (const auto& one : request->message().recipients()) {
      recipients_.push_back(one.has_user() ? one.user() : one.email_address());
    }
    *answer = request->message();
    return grpc::Status::OK;
  }
  grpc::Status ListDeliveries(grpc::ServerContext*,
                              const notification::v1::ListDeliveriesRequest* request,
                              notification::v1::ListDeliveriesResponse* answer) override {
    Delivery& delivery = *answer->add_deliveries();
    delivery.set_name(request->parent() + "/deliveries/d");
    delivery.mutable_recipient()->set_user(kErika);
    delivery.set_state(are_final ? Delivery::PERMANENT_FAILURE : Delivery::PENDING);
    delivery.add_transitions()->set_reason("accepted");
    delivery.add_transitions()->set_reason("user_unknown");
    return grpc::Status::OK;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<std::string> recipients_ ABSL_GUARDED_BY(mutex_);
};

class UserCommandsTest : public ::testing::Test {
 protected:
  UserCommandsTest() {
    for (const char* name : {"SOCKEL_PROFILE", "SOCKEL_IDENTITY", "SOCKEL_NOTIFICATION"}) {
      unsetenv(name);
    }
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&users_);
    builder.RegisterService(&bindings_);
    builder.RegisterService(&messages_);
    server_ = builder.BuildAndStart();
    Profile profile;
    profile.name = "test";
    profile.tenant = "smi";
    profile.endpoints["identity"] = absl::StrCat("127.0.0.1:", port);
    profile.endpoints["notification"] = absl::StrCat("127.0.0.1:", port);
    profile.access_token = "access";
    profile.access_expire_time = absl::Now() + absl::Hours(1);
    profile.refresh_token = "refresh";
    session_.Adopt(profile);
    root_.require_subcommand(0, 1);
    root_.fallthrough();
    AddAllCommands(commands_);
  }
  ~UserCommandsTest() override { server_->Shutdown(); }

  // Runs a command; its output is in `out_`.
  absl::Status Try(const std::string& line) {
    root_.parse(line);
    ::testing::internal::CaptureStdout();
    const absl::Status status = commands_.RunChosen();
    out_ = ::testing::internal::GetCapturedStdout();
    return status;
  }
  absl::Status SendTo(const std::string& recipient) {
    return Try("notifications send --subject Hello --text Text --to " + recipient);
  }

  TestingFolder folder_;
  Globals globals_{.profile = "test", .tenant = "smi"};
  CLI::App root_{"", "sockel"};
  Session session_{ProfileStore(folder_.path()), globals_};
  Commands commands_{root_, session_};
  FakeUsers users_;
  FakeBindings bindings_;
  FakeMessages messages_;
  std::unique_ptr<grpc::Server> server_;
  std::string out_;
};

TEST_F(UserCommandsTest, AMistypedRoleLeavesNothingHalfDone) {
  const absl::Status status =
      Try("users create --login erika --display-name Erika --role caseworker --role nope");
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_EQ(error::ReasonOf(status), "ROLE_UNKNOWN");
  EXPECT_THAT(Explain(status), HasSubstr("there is no role nope; no user was created"));
  EXPECT_THAT(Explain(status), HasSubstr("records-manager"));
  EXPECT_EQ(users_.created.load(), 0);
}

TEST_F(UserCommandsTest, WhoseRoleIsRefusedIsToldToExist) {
  const absl::Status status =
      Try("users create --login erika --display-name Erika --role caseworker --role operator");
  EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
  EXPECT_EQ(error::ReasonOf(status), "ROLE_NOT_GRANTABLE");
  EXPECT_THAT(Explain(status), HasSubstr(absl::StrCat("the user ", kErika,
                                                      " was created, with the role caseworker; ",
                                                      "operator: You cannot give it.")));
  EXPECT_THAT(Explain(status),
              HasSubstr(absl::StrCat("sockel -p test -t smi roles bind ROLE ", kErika)));
  EXPECT_THAT(out_, HasSubstr(kErika));
}

TEST_F(UserCommandsTest, AMessageGoesToALogin) {
  ASSERT_TRUE(SendTo("erika").ok());
  ASSERT_TRUE(SendTo("erika@smi.example").ok());
  EXPECT_THAT(messages_.recipients(), ::testing::ElementsAre(kErika, "erika@smi.example"));
}

TEST_F(UserCommandsTest, AMessageToALoginThatNobodyHasIsNotSent) {
  const absl::Status status = SendTo("erkia");
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(Explain(status), HasSubstr("erkia"));
  EXPECT_THAT(messages_.recipients(), ::testing::IsEmpty());
}

TEST_F(UserCommandsTest, WhoMayNotLookUpLoginsSendsToIdsAndNames) {
  users_.lets_list = false;
  const absl::Status status = SendTo("erika");
  EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
  EXPECT_THAT(Explain(status), HasSubstr("you may not look up the login erika"));
  EXPECT_THAT(Explain(status), HasSubstr("identity.users.list"));
  EXPECT_THAT(Explain(status), HasSubstr("next: give the user's id or name"));
  EXPECT_THAT(messages_.recipients(), ::testing::IsEmpty());
  EXPECT_TRUE(SendTo(kErikasId).ok());
  EXPECT_TRUE(SendTo(kErika).ok());
  EXPECT_THAT(messages_.recipients(), ::testing::ElementsAre(kErika, kErika));
}

TEST_F(UserCommandsTest, ADeliveryThatFailedSaysToWhomAndWhy) {
  const absl::Status status = Try("notifications deliveries tenants/smi/messages/m --wait");
  EXPECT_THAT(std::string(status.message()), HasSubstr("PERMANENT_FAILURE (user_unknown)"));
  EXPECT_THAT(out_, HasSubstr("user_unknown"));
  EXPECT_THAT(out_, HasSubstr(kErika));
  EXPECT_THAT(out_, Not(HasSubstr("{")));
}

TEST_F(UserCommandsTest, WhoWaitedInVainMayWaitLonger) {
  messages_.are_final = false;
  const absl::Status status =
      Try("notifications deliveries tenants/smi/messages/m --wait --wait-seconds 0");
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(Explain(status), HasSubstr("wait longer with --wait-seconds"));
  EXPECT_THAT(Explain(status), Not(HasSubstr("--timeout")));
}

TEST_F(UserCommandsTest, AfterTheActivationOneSignsInWithTheSameProfile) {
  ASSERT_TRUE(WritePrivateFile(folder_ / "secret", "long enough for a password\n").ok());
  const std::string file = (folder_ / "secret").string();
  const absl::Status status =
      Try("activate --user erika --code-file " + file + " --password-file " + file);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(out_, HasSubstr("sockel -p test login -t smi --user erika"));
}

}  // namespace
}  // namespace sockel::cli
