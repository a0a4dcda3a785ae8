#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/auth/jwks.h"
#include "common/auth/key_source.h"
#include "common/auth/revocations.h"
#include "common/auth/token_verifier.h"
#include "common/error/error.h"
#include "common/ids/ids.h"
#include "common/pg/database.h"
#include "common/testing/callers.h"
#include "common/testing/fake_clock.h"
#include "common/testing/test_database.h"
#include "services/identity/access/access.h"
#include "services/identity/bootstrap/bootstrap.h"
#include "services/identity/identity.h"
#include "services/identity/names/names.h"
#include "services/identity/provisioning/provisioner.h"
#include "services/identity/revocations/revocation_feed.h"
#include "services/identity/role_bindings/role_bindings.h"
#include "services/identity/service_accounts/service_accounts.h"
#include "services/identity/sign_in/service_tokens.h"
#include "services/identity/sign_in/sessions.h"
#include "services/identity/sign_in/sign_in.h"
#include "services/identity/signing_keys/signing_keys.h"
#include "services/identity/tenants/tenants.h"
#include "services/identity/upkeep/upkeep.h"
#include "services/identity/users/activation.h"
#include "services/identity/users/users.h"

namespace sockel::identity {

inline constexpr char kPassword[] = "der gruene Esel lacht";

// The whole of identity on a database of its own, without server and threads.
// The tenants provider and smi are there, and a signing key.
class IdentityTest : public ::testing::Test {
 protected:
  IdentityTest() {
    EXPECT_TRUE(bootstrap_.MakeProvider().ok());
    EXPECT_TRUE(bootstrap_.MakeSigningKey().ok());
    EXPECT_TRUE(signing_keys_.Load().ok());
    EXPECT_TRUE(MakeTenant("smi").ok());
  }

  Caller Operator() {
    return testing::MakeCaller("provider", "tenants/provider/users/op", {"operator"});
  }
  Caller Admin(const std::string& tenant = "smi") {
    return testing::MakeCaller(tenant, "tenants/" + tenant + "/users/boss", {"tenant-admin"});
  }
  // Who may give every role of the tenant that people have.
  Caller ChiefOf(const std::string& tenant) {
    return tenant == "provider" ? Operator() : Admin(tenant);
  }
  // As the dispatcher hands on a call without token.
  static Caller Anonymous(const std::string& peer = "192.0.2.1") {
    Caller caller;
    caller.peer = peer;
    return caller;
  }
  // An operator at work on another tenant.
  Caller OperatorIn(const std::string& tenant) { return Operator().InTenant(tenant); }

  absl::StatusOr<v1::Tenant> MakeTenant(const std::string& code) {
    v1::CreateTenantRequest request;
    request.set_tenant_id(code);
    request.mutable_tenant()->set_display_name("Ministerium " + code);
    request.mutable_tenant()->set_kind(v1::Tenant::MINISTRY);
    return tenants_.Create(Operator(), request);
  }

  absl::StatusOr<v1::User> MakeUser(const std::string& login, const std::string& tenant = "smi") {
    v1::CreateUserRequest request;
    request.set_parent("tenants/" + tenant);
    request.mutable_user()->set_login(login);
    request.mutable_user()->set_display_name("Erika Muster");
    request.mutable_user()->set_email_address(login + "@smi.example");
    return users_.Create(Admin(tenant), request);
  }

  absl::StatusOr<v1::User> GetUser(const std::string& name) {
    v1::GetUserRequest request;
    request.set_name(name);
    return users_.Get(Admin(Segment(name, 1)), request);
  }

  absl::StatusOr<v1::RoleBinding> Bind(const Caller& caller, const std::string& principal,
                                       const std::string& role) {
    v1::CreateRoleBindingRequest request;
    request.set_parent("tenants/" + caller.tenant);
    request.mutable_role_binding()->set_principal(principal);
    request.mutable_role_binding()->set_role(role);
    return bindings_.Create(caller, request);
  }

  absl::StatusOr<v1::ActivateUserResponse> Activate(const v1::User& user,
                                                    const std::string& password = kPassword) {
    v1::IssueActivationCodeRequest issue;
    issue.set_name(user.name());
    const std::string tenant = Segment(user.name(), 1);
    auto code = activation_.IssueCode(ChiefOf(tenant), issue);
    if (!code.ok()) return code.status();
    v1::ActivateUserRequest request;
    request.set_tenant("tenants/" + tenant);
    request.set_login(user.login());
    request.set_code(code->code());
    request.set_new_password(password);
    return activation_.Activate(Anonymous(), request);
  }

  // A user with a password and a role.
  v1::User MakeActiveUser(const std::string& login, const std::string& role = "caseworker",
                          const std::string& tenant = "smi") {
    auto user = MakeUser(login, tenant);
    EXPECT_TRUE(user.ok()) << user.status();
    auto binding = Bind(ChiefOf(tenant), user->name(), role);
    EXPECT_TRUE(binding.ok()) << binding.status();
    auto activated = Activate(*user);
    EXPECT_TRUE(activated.ok()) << activated.status();
    return *user;
  }

  absl::StatusOr<v1::LoginResponse> Login(const std::string& login,
                                          const std::string& password = kPassword,
                                          const std::string& tenant = "smi",
                                          const std::string& peer = "192.0.2.1") {
    v1::LoginRequest request;
    request.set_tenant("tenants/" + tenant);
    request.set_login(login);
    request.set_password(password);
    return sign_in_.Login(Anonymous(peer), request);
  }

  absl::StatusOr<v1::RefreshTokensResponse> Refresh(const std::string& token) {
    v1::RefreshTokensRequest request;
    request.set_refresh_token(token);
    return sessions_.Refresh(Anonymous(), request);
  }

  absl::StatusOr<v1::ServiceAccount> MakeServiceAccount(const auth::Key& key,
                                                        const std::string& id = "app",
                                                        const std::string& tenant = "smi") {
    v1::CreateServiceAccountRequest request;
    request.set_parent("tenants/" + tenant);
    request.set_service_account_id(id);
    request.mutable_service_account()->set_display_name("Bauantrag");
    request.mutable_service_account()->add_keys()->set_public_key_jwk(key.ToPublicJson());
    return accounts_.Create(Admin(tenant), request);
  }

  // What a verifier makes of the token, once the feed has been read.
  Authenticator::Result Verify(const std::string& token) {
    EXPECT_TRUE(feed_.ReadNow().ok());
    return verifier_.Authenticate(token);
  }

  static std::string Reason(const absl::Status& status) { return error::ReasonOf(status); }

  testing::TestDatabase database_{Migrations()};
  testing::FakeClock clock_;
  pg::Pool pool_{{.conninfo = database_.conninfo(), .size = 16, .wait = absl::Seconds(20)}};
  pg::Database db_{pool_, clock_};
  paging::Tokens pages_{std::string(32, 'k')};
  MasterKey master_key_ = *MasterKey::FromFileContent(std::string(64, 'a'));
  auth::LocalKeySource keys_;
  auth::RevocationList revocations_;
  auth::TokenVerifier verifier_{{}, keys_, revocations_, clock_};
  // Cheap hashes: these tests are not about their price.
  std::unique_ptr<PasswordHasher> hasher_ = *PasswordHasher::Create({.memory_kib = 8, .passes = 1});
  AddressBudget budget_{{}, clock_};
  RevocationFeed feed_{db_, clock_, revocations_};
  TokenGate gate_{&clock_};
  Revoker revoker_{gate_, [this] { feed_.Wake(); }};
  SigningKeys signing_keys_{db_, clock_, master_key_, {}, keys_};
  TokenIssuer issuer_{{}, signing_keys_, gate_};
  Bootstrap bootstrap_{db_, *hasher_, signing_keys_, revoker_};
  Tenants tenants_{db_, pages_, revoker_};
  Users users_{db_, pages_, revoker_};
  Activation activation_{{db_, clock_, *hasher_, revoker_, master_key_}};
  ServiceAccounts accounts_{db_, pages_, revoker_};
  RoleBindings bindings_{db_, pages_, revoker_};
  SignIn sign_in_{{db_, clock_, *hasher_, budget_, issuer_, {}}};
  Sessions sessions_{{db_, clock_, pages_, issuer_, revoker_, master_key_, SessionPolicy{}}};
  ServiceTokens service_tokens_{{db_, clock_, issuer_}};
  Access access_{db_};
  Provisioner provisioner_{db_, revoker_};
  Upkeep upkeep_{db_, clock_, signing_keys_};
};

}  // namespace sockel::identity
