#include "services/identity/revocations/token_gate.h"

#include <thread>

#include "common/auth/assertion.h"
#include "services/identity/role_bindings/role_binding_store.h"
#include "services/identity/service_accounts/service_account_store.h"
#include "services/identity/testing/identity_fixture.h"

namespace sockel::identity {
namespace {

constexpr char kName[] = "tenants/smi/serviceAccounts/app";

class TokenGateTest : public IdentityTest {
 protected:
  TokenGateTest() {
    EXPECT_TRUE(MakeServiceAccount(key_).ok());
    binding_ = Segment(Bind(Admin(), kName, "application")->name(), 3);
  }

  absl::StatusOr<v1::IssueServiceTokenResponse> Issue() {
    v1::IssueServiceTokenRequest request;
    request.set_client_assertion(*auth::MakeAssertion(key_, kName, clock_.Now()));
    return service_tokens_.Issue(Anonymous(), request);
  }
  absl::StatusOr<v1::ServiceAccount> RemoveKey() {
    v1::RemoveServiceAccountKeyRequest request;
    request.set_name(kName);
    request.set_key_id(key_.id());
    return accounts_.RemoveKey(Admin(), request);
  }
  absl::Status Write(const std::function<void(pg::WriteTransaction&)>& body,
                     const std::string& tenant = "smi") {
    return db_.Write(Caller::System(tenant), "test.write", [&](pg::WriteTransaction& tx) {
      body(tx);
      return absl::OkStatus();
    });
  }
  // What a token gets that is asked for while `revoke`, a time later than that of
  // all tokens before it, has not committed.
  absl::StatusOr<v1::IssueServiceTokenResponse> IssueDuring(
      const std::function<void(pg::WriteTransaction&)>& revoke) {
    absl::StatusOr<v1::IssueServiceTokenResponse> issued;
    std::thread issuing;
    absl::Status status = Write([&](pg::WriteTransaction& tx) {
      revoker_.Begin(tx);
      issuing = std::thread([&] { issued = Issue(); });
      database_.AwaitBlocked();
      revoke(tx);
      revoker_.Revoke(tx, kName);
      clock_.Advance(absl::Microseconds(1));
    });
    issuing.join();
    EXPECT_TRUE(status.ok()) << status;
    return issued;
  }

  // `revoke` succeeds, once a token of `tenant` is made that was begun before.
  void ExpectToWait(const std::string& tenant, const std::function<absl::Status()>& revoke) {
    absl::Status revoked;
    std::thread revoking;
    const absl::Status made = Write(
        [&](pg::WriteTransaction& tx) {
          gate_.Enter(tx);
          revoking = std::thread([&] { revoked = revoke(); });
          database_.AwaitBlocked();
        },
        tenant);
    revoking.join();
    EXPECT_TRUE(made.ok()) << made;
    EXPECT_TRUE(revoked.ok()) << revoked;
  }

  const auth::Key key_ = *auth::Key::Generate();
  std::string binding_;
};

TEST_F(TokenGateTest, RevocationsWaitForATokenThatIsBeingMade) {
  ExpectToWait("smi", [&] { return RemoveKey().status(); });
  ExpectToWait("smi", [&] {
    v1::DeleteRoleBindingRequest request;
    request.set_name("tenants/smi/roleBindings/" + binding_);
    return bindings_.Delete(Admin(), request).status();
  });
  ExpectToWait("smi", [&] {
    v1::SuspendTenantRequest request;
    request.set_name("tenants/smi");
    return tenants_.Suspend(OperatorIn("smi"), request).status();
  });
}

TEST_F(TokenGateTest, WhatTheCatalogTakesBackWaitsForATokenThatIsBeingMade) {
  constexpr char kInstance[] = "0190a0a0-0000-7000-8000-000000000001";
  const Caller catalog = testing::MakeCaller("provider", "tenants/provider/serviceAccounts/catalog",
                                             {"service", "provisioner"});
  provisioner::v1::ProvisionRequest provision;
  provision.set_instance_id(kInstance);
  provision.set_tenant_code("stmb");
  auto& parameters = *provision.mutable_parameters()->mutable_fields();
  for (const char* name : {"tenant_display_name", "admin_display_name", "application_name"}) {
    parameters[name].set_string_value("Bauministerium");
  }
  parameters["admin_login"].set_string_value("boss");
  parameters["admin_email"].set_string_value("boss@stmb.example");
  parameters["application_public_key"].set_string_value(key_.ToPublicJson());
  const auto provisioned = provisioner_.Provision(catalog, provision);
  ASSERT_TRUE(provisioned.ok()) << provisioned.status();
  ExpectToWait("stmb", [&] {
    provisioner::v1::DeprovisionRequest request;
    request.set_instance_id(kInstance);
    return provisioner_.Deprovision(catalog, request).status();
  });
}

TEST_F(TokenGateTest, AServicesKeyIsTakenBackAfterATokenThatIsBeingMade) {
  ASSERT_TRUE(bootstrap_.MakeServiceAccount("efile", {key_.id(), key_.ToPublicJson()}).ok());
  ExpectToWait("provider",
               [&] { return bootstrap_.RemoveServiceAccountKey("efile", key_.id()).status(); });
}

TEST_F(TokenGateTest, TokensOfUsersWaitForARevocation) {
  MakeActiveUser("erika");
  const auto session = Login("erika");
  ASSERT_TRUE(session.ok()) << session.status();
  const std::vector<std::function<absl::Status()>> signings = {
      [&] { return Login("erika").status(); },
      [&] { return Refresh(session->refresh_token()).status(); }};
  for (const auto& sign_in : signings) {
    absl::Status signed_in;
    std::thread signing;
    const absl::Status closed = Write([&](pg::WriteTransaction& tx) {
      gate_.Close(tx);
      signing = std::thread([&] { signed_in = sign_in(); });
      database_.AwaitBlocked();
    });
    signing.join();
    EXPECT_TRUE(closed.ok()) << closed;
    EXPECT_TRUE(signed_in.ok()) << signed_in;
  }
}

TEST_F(TokenGateTest, NoTokenIsGivenToAKeyThatIsBeingRemoved) {
  auto issued = IssueDuring([&](pg::WriteTransaction& tx) {
    EXPECT_TRUE(service_account_store::DeleteKey(tx, "app", key_.id()));
  });
  EXPECT_EQ(Reason(issued.status()), "ASSERTION_INVALID") << issued.status();
}

TEST_F(TokenGateTest, ATokenMadeDuringARevocationSaysWhatIsTrueSinceAndIsGood) {
  auto issued =
      IssueDuring([&](pg::WriteTransaction& tx) { role_binding_store::Delete(tx, binding_); });
  ASSERT_TRUE(issued.ok()) << issued.status();
  auto principal = Verify(issued->access_token());
  ASSERT_TRUE(principal.ok()) << principal.status();
  EXPECT_TRUE((*principal)->roles.empty());
}

TEST_F(TokenGateTest, OtherTenantsDoNotWait) {
  const absl::Status status = Write([&](pg::WriteTransaction& tx) {
    gate_.Close(tx);
    std::thread([&] {
      EXPECT_TRUE(Write([&](pg::WriteTransaction& other) { gate_.Enter(other); }, "provider").ok());
    }).join();
  });
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(TokenGateTest, DatesByTheDatabasesClock) {
  const TokenGate gate;
  const absl::Status status = Write([&](pg::WriteTransaction& tx) {
    const absl::Time entered = gate.Enter(tx);
    EXPECT_LT(entered, gate.Now(tx));
    EXPECT_LT(absl::AbsDuration(entered - absl::Now()), absl::Seconds(5));
  });
  EXPECT_TRUE(status.ok()) << status;
}

}  // namespace
}  // namespace sockel::identity
