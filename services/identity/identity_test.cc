// The doors, behind a real server with the real dispatcher, roles and tokens.
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "common/auth/assertion.h"
#include "common/auth/roles.h"
#include "common/error/grpc_status.h"
#include "common/rpc/testing/in_process_server.h"
#include "common/rpc/worker_pool.h"
#include "services/identity/access/access_service.h"
#include "services/identity/provisioning/provisioner_service.h"
#include "services/identity/role_bindings/role_binding_service.h"
#include "services/identity/service_accounts/service_account_service.h"
#include "services/identity/sign_in/authentication_service.h"
#include "services/identity/tenants/tenant_service.h"
#include "services/identity/testing/identity_fixture.h"
#include "services/identity/users/user_service.h"

namespace sockel::identity {
namespace {

// As many sign-ins may wait for the one thread of the password pool.
constexpr int kMayWait = 4;

class DoorTest : public IdentityTest {
 protected:
  DoorTest() {
    EXPECT_TRUE(server_.dispatcher().status().ok()) << server_.dispatcher().status();
    server_.Serve({&tenant_door_, &user_door_, &account_door_, &binding_door_,
                   &authentication_door_, &access_door_, &provisioner_door_});
    authentication_ = v1::AuthenticationService::NewStub(server_.channel());
    access_stub_ = v1::AccessService::NewStub(server_.channel());
    user_stub_ = v1::UserService::NewStub(server_.channel());
    tenant_stub_ = v1::TenantService::NewStub(server_.channel());
    feed_.Start();
  }
  ~DoorTest() override {
    server_.Stop();
    feed_.Stop();
  }

  std::unique_ptr<grpc::ClientContext> With(const std::string& token) {
    auto context = rpc::testing::InProcessServer::Anonymous();
    if (!token.empty()) context->AddMetadata("authorization", "Bearer " + token);
    return context;
  }
  static std::string ReasonOf(const grpc::Status& status) {
    return error::ReasonOf(error::FromGrpc(status));
  }
  std::string TokenOf(const std::string& login, const std::string& tenant = "smi") {
    auto session = Login(login, kPassword, tenant);
    EXPECT_TRUE(session.ok()) << session.status();
    return session->access_token();
  }
  static v1::LoginRequest LoginRequestOf(const std::string& login,
                                         const std::string& password = kPassword) {
    v1::LoginRequest request;
    request.set_tenant("tenants/smi");
    request.set_login(login);
    request.set_password(password);
    return request;
  }
  grpc::Status WhoAmI(const std::string& token, v1::WhoAmIResponse* response) {
    return access_stub_->WhoAmI(With(token).get(), {}, response);
  }
  static void Eventually(const std::function<bool()>& condition) {
    const absl::Time limit = absl::Now() + absl::Seconds(5);
    while (!condition()) {
      ASSERT_LT(absl::Now(), limit) << "not within 5 seconds";
      std::this_thread::yield();
    }
  }

  rpc::testing::InProcessServer server_{
      {.domain = "identity.sockel", .authenticator = &verifier_, .allows = &auth::Allows}};
  rpc::WorkerPool passwords_{
      {.threads = 1, .queue = kMayWait, .max_wait = absl::InfiniteDuration(), .name = "passwords"},
      server_.metrics()};
  TenantServiceDoor tenant_door_{server_.dispatcher(), tenants_};
  UserServiceDoor user_door_{server_.dispatcher(), passwords_, users_, activation_};
  ServiceAccountServiceDoor account_door_{server_.dispatcher(), accounts_};
  RoleBindingServiceDoor binding_door_{server_.dispatcher(), bindings_};
  AuthenticationServiceDoor authentication_door_{
      server_.dispatcher(), passwords_, sign_in_, sessions_, service_tokens_, signing_keys_, feed_};
  AccessServiceDoor access_door_{server_.dispatcher(), access_};
  ProvisionerServiceDoor provisioner_door_{server_.dispatcher(), provisioner_};

  std::unique_ptr<v1::AuthenticationService::Stub> authentication_;
  std::unique_ptr<v1::AccessService::Stub> access_stub_;
  std::unique_ptr<v1::UserService::Stub> user_stub_;
  std::unique_ptr<v1::TenantService::Stub> tenant_stub_;
};

TEST_F(DoorTest, ALoginOpensTheDoorAndALogoutClosesItEverywhereWithinFiveSeconds) {
  MakeActiveUser("erika");
  v1::LoginResponse session;
  grpc::Status status = authentication_->Login(With("").get(), LoginRequestOf("erika"), &session);
  ASSERT_TRUE(status.ok()) << status.error_message();
  v1::WhoAmIResponse me;
  ASSERT_TRUE(WhoAmI(session.access_token(), &me).ok());
  EXPECT_EQ(me.principal(), session.user());
  EXPECT_EQ(me.session(), session.session());

  clock_.Advance(absl::Seconds(1));
  v1::LogoutResponse out;
  ASSERT_TRUE(authentication_->Logout(With(session.access_token()).get(), {}, &out).ok());
  Eventually([&] { return ReasonOf(WhoAmI(session.access_token(), &me)) == "TOKEN_REVOKED"; });
}

TEST_F(DoorTest, AFollowerElsewhereRefusesARevokedSessionWithinFiveSeconds) {
  const auth::Key key = *auth::Key::Generate();
  ASSERT_TRUE(bootstrap_.MakeServiceAccount("efile", {key.id(), key.ToPublicJson()}).ok());
  v1::IssueServiceTokenRequest issue;
  issue.set_client_assertion(
      *auth::MakeAssertion(key, "tenants/provider/serviceAccounts/efile", clock_.Now()));
  v1::IssueServiceTokenResponse service_token;
  ASSERT_TRUE(authentication_->IssueServiceToken(With("").get(), issue, &service_token).ok());

  v1::WatchRevocationsResponse message;
  auto context = With(service_token.access_token());
  auto reader = authentication_->WatchRevocations(context.get(), {});
  ASSERT_TRUE(reader->Read(&message));

  MakeActiveUser("erika");
  auto session = Login("erika");
  const absl::Time start = absl::Now();
  v1::RevokeSessionRequest revoke;
  revoke.set_name(session->session());
  ASSERT_TRUE(sessions_.Revoke(Admin(), revoke).ok());
  bool seen = false;
  while (!seen && reader->Read(&message)) {
    for (const v1::Revocation& revocation : message.revocations()) {
      seen = seen || revocation.subject() == session->session();
    }
  }
  EXPECT_TRUE(seen);
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
  context->TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

// Keeps a thread of a pool busy until it is told.
class Busy final : public rpc::WorkerPool::Task {
 public:
  void Run() override {
    begun.Notify();
    end.WaitForNotification();
  }
  absl::Notification begun;
  absl::Notification end;
};

TEST_F(DoorTest, AStormOfLoginsCostsOnlyLogins) {
  MakeActiveUser("erika");
  auto session = Login("erika");
  Busy busy;
  ASSERT_TRUE(passwords_.TrySubmit(busy));
  busy.begun.WaitForNotification();
  std::atomic<int> signed_in{0};
  std::vector<std::thread> storm;
  for (int i = 0; i < kMayWait; ++i) {
    storm.emplace_back([&] {
      v1::LoginResponse response;
      auto context = With("");
      signed_in += authentication_->Login(context.get(), LoginRequestOf("erika"), &response).ok();
    });
  }
  Eventually([&] { return passwords_.queued() == kMayWait; });
  v1::LoginResponse refused;
  EXPECT_EQ(ReasonOf(authentication_->Login(With("").get(), LoginRequestOf("erika"), &refused)),
            "OVERLOADED");
  v1::ActivateUserRequest activate;
  activate.set_tenant("tenants/smi");
  activate.set_login("erika");
  activate.set_code("000000000000000000000000");
  activate.set_new_password(kPassword);
  v1::ActivateUserResponse activated;
  EXPECT_EQ(ReasonOf(user_stub_->ActivateUser(With("").get(), activate, &activated)), "OVERLOADED");
  v1::RefreshTokensRequest refresh;
  refresh.set_refresh_token(session->refresh_token());
  v1::RefreshTokensResponse refreshed;
  EXPECT_TRUE(authentication_->RefreshTokens(With("").get(), refresh, &refreshed).ok());
  busy.end.Notify();
  for (std::thread& login : storm) login.join();
  EXPECT_EQ(signed_in, kMayWait);
}

TEST_F(DoorTest, CountsTheFailuresOfAnIpv6ClientByItsNetwork) {
  AddressBudget strict({.failures = 1}, clock_);
  SignIn sign_in({db_, clock_, *hasher_, strict, issuer_, {}});
  AuthenticationServiceDoor door(server_.dispatcher(), passwords_, sign_in, sessions_,
                                 service_tokens_, signing_keys_, feed_);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("[::1]:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&door);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) GTEST_SKIP() << "no IPv6 on this machine";
  grpc::ChannelArguments direct;
  direct.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  auto stub = v1::AuthenticationService::NewStub(grpc::CreateCustomChannel(
      "[::1]:" + std::to_string(port), grpc::InsecureChannelCredentials(), direct));
  v1::LoginResponse response;
  EXPECT_EQ(ReasonOf(stub->Login(With("").get(), LoginRequestOf("nobody", "wrong wrong wrong"),
                                 &response)),
            "CREDENTIALS_INVALID");
  EXPECT_FALSE(strict.Check("::2").ok()) << "a neighbour in the same /64";
  EXPECT_TRUE(strict.Check("2001:db8::1").ok());
  server->Shutdown();
  server->Wait();
}

TEST_F(DoorTest, TheFeedIsForTheSuitesServicesOnly) {
  MakeActiveUser("boss", "tenant-admin");
  auto context = With(TokenOf("boss"));
  auto reader = authentication_->WatchRevocations(context.get(), {});
  v1::WatchRevocationsResponse message;
  EXPECT_FALSE(reader->Read(&message));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(DoorTest, OneTenantsAdministratorHasNoPowerInAnother) {
  ASSERT_TRUE(MakeTenant("stmb").ok());
  auto victim = MakeUser("victim", "stmb");
  MakeActiveUser("boss", "tenant-admin");
  const std::string token = TokenOf("boss");
  v1::User user;
  v1::GetUserRequest get;
  get.set_name(victim->name());
  EXPECT_EQ(ReasonOf(user_stub_->GetUser(With(token).get(), get, &user)), "PERMISSION_MISSING");
  v1::LockUserRequest lock;
  lock.set_name(victim->name());
  EXPECT_EQ(ReasonOf(user_stub_->LockUser(With(token).get(), lock, &user)), "PERMISSION_MISSING");
  v1::CreateUserRequest create;
  create.set_parent("tenants/stmb");
  create.mutable_user()->set_login("mole");
  create.mutable_user()->set_display_name("Mole");
  EXPECT_EQ(ReasonOf(user_stub_->CreateUser(With(token).get(), create, &user)),
            "PERMISSION_MISSING");
  v1::Tenant tenant;
  v1::SuspendTenantRequest suspend;
  suspend.set_name("tenants/smi");
  EXPECT_EQ(ReasonOf(tenant_stub_->SuspendTenant(With(token).get(), suspend, &tenant)),
            "PERMISSION_MISSING");
}

TEST_F(DoorTest, TheOperatorSeesTenantsButNobodysUsers) {
  MakeActiveUser("op", "operator", "provider");
  const std::string token = TokenOf("op", "provider");
  v1::Tenant tenant;
  v1::GetTenantRequest get;
  get.set_name("tenants/smi");
  EXPECT_TRUE(tenant_stub_->GetTenant(With(token).get(), get, &tenant).ok());
  v1::ListUsersRequest list;
  list.set_parent("tenants/smi");
  v1::ListUsersResponse users;
  EXPECT_EQ(ReasonOf(user_stub_->ListUsers(With(token).get(), list, &users)), "PERMISSION_MISSING");
}

TEST_F(DoorTest, NothingIsAllowedOnWhatIsNoResourceName) {
  MakeActiveUser("erika");
  const std::string token = TokenOf("erika");
  const auto check = [&](const std::string& resource, v1::CheckResponse& answer) {
    v1::CheckRequest request;
    request.set_permission("efile.dossiers.get");
    request.set_resource(resource);
    return error::FromGrpc(access_stub_->Check(With(token).get(), request, &answer));
  };
  for (const char* resource :
       {"zzz", "/tenants/bb/x", "tenants//bb", "tenants", "tenants/", "tenants/S", "tenants/smi/",
        "tenants/smi//d1", "tenants/smi/dossiers/../x", "tenants/-/dossiers/d1", "xtenants/smi",
        "//efile.sockel/tenants/bb", "offerings", "offerings/", "offerings/efile/x"}) {
    v1::CheckResponse answer;
    const absl::Status status = check(resource, answer);
    EXPECT_EQ(error::ReasonOf(status), "FIELD_INVALID") << resource;
    EXPECT_NE(std::string(status.message()).find("resource: must be"), std::string::npos) << status;
  }
  const std::vector<std::pair<std::string, bool>> understood = {
      {"", true},
      {"tenants/smi", true},
      {"tenants/smi/dossiers", true},
      {"tenants/smi/dossiers/d1/documents/d.2", true},
      {"tenants/bb", false},
      {"tenants/bb/dossiers/d1", false},
      {"tenants/-", false},
      {"offerings/efile", true},
      {"offerings/efile/plans/standard", true}};
  for (const auto& [resource, allowed] : understood) {
    v1::CheckResponse answer;
    const absl::Status status = check(resource, answer);
    EXPECT_TRUE(status.ok()) << resource << ": " << status;
    EXPECT_EQ(answer.allowed(), allowed) << resource;
  }
}

TEST_F(DoorTest, RefusesTokensOfOtherMakers) {
  v1::WhoAmIResponse me;
  EXPECT_EQ(ReasonOf(WhoAmI("", &me)), "TOKEN_MISSING");
  auth::Claims claims;
  claims.principal.subject = "tenants/smi/users/u1";
  claims.principal.tenant = "smi";
  claims.principal.roles = {"tenant-admin"};
  claims.principal.expire = clock_.Now() + absl::Minutes(10);
  claims.token_id = "t";
  claims.principal.issue_time = claims.authentication_time = clock_.Now();
  const auth::Key stranger = *auth::Key::Generate();
  EXPECT_EQ(ReasonOf(WhoAmI(*auth::SignAccessToken(stranger, {}, claims), &me)), "TOKEN_INVALID");
  const auth::Key ours = *signing_keys_.Current(clock_.Now());
  EXPECT_TRUE(WhoAmI(*auth::SignAccessToken(ours, {}, claims), &me).ok());
  EXPECT_EQ(
      ReasonOf(WhoAmI(*auth::SignAccessToken(ours, {"sockel-identity", "other"}, claims), &me)),
      "TOKEN_INVALID");
  clock_.Advance(absl::Minutes(11));
  EXPECT_EQ(ReasonOf(WhoAmI(*auth::SignAccessToken(ours, {}, claims), &me)), "TOKEN_EXPIRED");
}

TEST_F(DoorTest, RefusesBadRequestsBeforeTheRules) {
  MakeActiveUser("boss", "tenant-admin");
  const std::string token = TokenOf("boss");
  v1::User user;
  v1::CreateUserRequest create;
  create.set_parent("tenants/smi");
  create.mutable_user()->set_display_name("Erika");
  for (const std::string& login :
       {std::string("Erika Muster"), std::string(65, 'a'), std::string("-x"), std::string()}) {
    create.mutable_user()->set_login(login);
    EXPECT_EQ(ReasonOf(user_stub_->CreateUser(With(token).get(), create, &user)), "FIELD_INVALID")
        << login;
  }
}

TEST_F(DoorTest, AnUpdateOfAllFieldsNeedsNoneThatCannotBeChanged) {
  MakeActiveUser("boss", "tenant-admin");
  v1::UpdateUserRequest update;
  update.mutable_user()->set_name(MakeUser("erika")->name());
  update.mutable_user()->set_display_name("Erika Neu");
  update.mutable_update_mask()->add_paths("*");
  v1::User user;
  grpc::Status status = user_stub_->UpdateUser(With(TokenOf("boss")).get(), update, &user);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(user.login(), "erika");
  EXPECT_EQ(user.display_name(), "Erika Neu");
  EXPECT_EQ(user.email_address(), "");

  MakeActiveUser("op", "operator", "provider");
  v1::UpdateTenantRequest rename;
  rename.mutable_tenant()->set_name("tenants/smi");
  rename.mutable_tenant()->set_display_name("Inneres");
  rename.mutable_update_mask()->add_paths("*");
  v1::Tenant tenant;
  status = tenant_stub_->UpdateTenant(With(TokenOf("op", "provider")).get(), rename, &tenant);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(tenant.display_name(), "Inneres");
  EXPECT_EQ(tenant.kind(), v1::Tenant::MINISTRY);
}

TEST_F(DoorTest, AnUpdateIsNotRefusedForAFieldThatItsMaskDoesNotName) {
  MakeActiveUser("boss", "tenant-admin");
  const std::string token = TokenOf("boss");
  v1::UpdateUserRequest update;
  update.mutable_user()->set_name(MakeUser("erika")->name());
  update.mutable_user()->set_display_name("Erika Neu");
  update.mutable_user()->set_locale(std::string(36, 'x'));
  update.mutable_update_mask()->add_paths("display_name");
  v1::User user;
  grpc::Status status = user_stub_->UpdateUser(With(token).get(), update, &user);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(user.display_name(), "Erika Neu");
  update.mutable_update_mask()->add_paths("locale");
  EXPECT_EQ(ReasonOf(user_stub_->UpdateUser(With(token).get(), update, &user)), "FIELD_INVALID");
  // Named, it is refused, though without a mask nobody looks at it.
  update.mutable_update_mask()->set_paths(1, "login");
  EXPECT_EQ(ReasonOf(user_stub_->UpdateUser(With(token).get(), update, &user)), "FIELD_INVALID");
}

}  // namespace
}  // namespace sockel::identity
