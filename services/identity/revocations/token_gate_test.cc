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
      AwaitBlocked();
      revoke(tx);
      revoker_.Revoke(tx, kName);
      clock_.Advance(absl::Microseconds(1));
    });
    issuing.join();
    EXPECT_TRUE(status.ok()) << status;
    return issued;
  }

  const auth::Key key_ = *auth::Key::Generate();
  std::string binding_;
};

TEST_F(TokenGateTest, RevocationsWaitForATokenThatIsBeingMade) {
  const std::vector<std::function<absl::Status()>> revocations = {
      [&] { return RemoveKey().status(); },
      [&] {
        v1::DeleteRoleBindingRequest request;
        request.set_name("tenants/smi/roleBindings/" + binding_);
        return bindings_.Delete(Admin(), request).status();
      },
      [&] {
        v1::SuspendTenantRequest request;
        request.set_name("tenants/smi");
        return tenants_.Suspend(OperatorIn("smi"), request).status();
      }};
  for (const auto& revoke : revocations) {
    absl::Status revoked;
    std::thread revoking;
    const absl::Status made = Write([&](pg::WriteTransaction& tx) {
      gate_.Enter(tx);
      revoking = std::thread([&] { revoked = revoke(); });
      AwaitBlocked();
    });
    revoking.join();
    EXPECT_TRUE(made.ok()) << made;
    EXPECT_TRUE(revoked.ok()) << revoked;
  }
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
      AwaitBlocked();
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
