#include "services/identity/tenants/tenants.h"

#include "services/identity/testing/identity_fixture.h"

namespace sockel::identity {
namespace {

class TenantsTest : public IdentityTest {
 protected:
  absl::StatusOr<v1::Tenant> Get(const std::string& code) {
    v1::GetTenantRequest request;
    request.set_name("tenants/" + code);
    return tenants_.Get(OperatorIn(code), request);
  }
  absl::StatusOr<v1::Tenant> Suspend(const std::string& code, const std::string& etag = "") {
    v1::SuspendTenantRequest request;
    request.set_name("tenants/" + code);
    request.set_etag(etag);
    return tenants_.Suspend(OperatorIn(code), request);
  }
  absl::StatusOr<v1::Tenant> Resume(const std::string& code) {
    v1::ResumeTenantRequest request;
    request.set_name("tenants/" + code);
    return tenants_.Resume(OperatorIn(code), request);
  }
};

TEST_F(TenantsTest, CreatesActiveOnes) {
  auto tenant = MakeTenant("stmb");
  ASSERT_TRUE(tenant.ok()) << tenant.status();
  EXPECT_EQ(tenant->name(), "tenants/stmb");
  EXPECT_EQ(tenant->state(), v1::Tenant::ACTIVE);
  EXPECT_EQ(Get("stmb")->display_name(), "Ministerium stmb");
}

TEST_F(TenantsTest, RefusesATakenCode) {
  EXPECT_EQ(Reason(MakeTenant("smi").status()), "RESOURCE_EXISTS");
  EXPECT_EQ(Reason(MakeTenant("provider").status()), "RESOURCE_EXISTS");
}

TEST_F(TenantsTest, RefusesASecondProvider) {
  v1::CreateTenantRequest request;
  request.set_tenant_id("other");
  request.mutable_tenant()->set_display_name("Other");
  request.mutable_tenant()->set_kind(v1::Tenant::PROVIDER);
  EXPECT_EQ(tenants_.Create(Operator(), request).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(TenantsTest, RepeatsTheFirstAnswerForARequestId) {
  v1::CreateTenantRequest request;
  request.set_tenant_id("stmb");
  request.mutable_tenant()->set_display_name("Bau");
  request.mutable_tenant()->set_kind(v1::Tenant::MINISTRY);
  const Caller caller = testing::WithRequestId(Operator());
  auto first = tenants_.Create(caller, request);
  auto second = tenants_.Create(caller, request);
  ASSERT_TRUE(first.ok() && second.ok()) << second.status();
  EXPECT_EQ(first->SerializeAsString(), second->SerializeAsString());
}

TEST_F(TenantsTest, ListsAllByCodeInPages) {
  for (const char* code : {"stmb", "aa"}) ASSERT_TRUE(MakeTenant(code).ok());
  v1::ListTenantsRequest request;
  request.set_page_size(3);
  auto page = tenants_.List(Operator(), request);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->tenants_size(), 3);
  EXPECT_EQ(page->tenants(0).name(), "tenants/aa");
  EXPECT_EQ(page->tenants(1).name(), "tenants/provider");
  request.set_page_token(page->next_page_token());
  page = tenants_.List(Operator(), request);
  ASSERT_EQ(page->tenants_size(), 1);
  EXPECT_EQ(page->tenants(0).name(), "tenants/stmb");
  EXPECT_EQ(page->next_page_token(), "");
}

TEST_F(TenantsTest, ATenantSeesOnlyItself) {
  ASSERT_TRUE(MakeTenant("stmb").ok());
  v1::ListTenantsRequest request;
  auto page = tenants_.List(Admin("smi"), request);
  ASSERT_EQ(page->tenants_size(), 1);
  EXPECT_EQ(page->tenants(0).name(), "tenants/smi");
  v1::GetTenantRequest get;
  get.set_name("tenants/stmb");
  EXPECT_EQ(tenants_.Get(Admin("smi"), get).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(TenantsTest, UpdatesOnlyWithTheCurrentEtag) {
  v1::UpdateTenantRequest request;
  *request.mutable_tenant() = *Get("smi");
  request.mutable_tenant()->set_display_name("Inneres");
  auto changed = tenants_.Update(OperatorIn("smi"), request);
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(changed->display_name(), "Inneres");
  EXPECT_EQ(Reason(tenants_.Update(OperatorIn("smi"), request).status()), "ETAG_MISMATCH");
}

TEST_F(TenantsTest, RefusesUnknownPathsInTheMask) {
  v1::UpdateTenantRequest request;
  request.mutable_tenant()->set_name("tenants/smi");
  request.mutable_update_mask()->add_paths("kind");
  EXPECT_EQ(Reason(tenants_.Update(OperatorIn("smi"), request).status()), "FIELD_INVALID");
}

TEST_F(TenantsTest, SuspendingStopsTokensSignInAndRefresh) {
  MakeActiveUser("erika");
  auto session = Login("erika");
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_TRUE(Verify(session->access_token()).ok());
  clock_.Advance(absl::Seconds(1));

  auto suspended = Suspend("smi");
  ASSERT_TRUE(suspended.ok()) << suspended.status();
  EXPECT_EQ(suspended->state(), v1::Tenant::SUSPENDED);
  EXPECT_EQ(Reason(Verify(session->access_token()).status()), "TOKEN_REVOKED");
  EXPECT_EQ(Reason(Login("erika").status()), "TENANT_SUSPENDED");
  EXPECT_EQ(Reason(Refresh(session->refresh_token()).status()), "TENANT_SUSPENDED");
}

TEST_F(TenantsTest, ResumingLetsSessionsGoOnButNotOldTokens) {
  MakeActiveUser("erika");
  auto session = Login("erika");
  ASSERT_TRUE(Suspend("smi").ok());
  ASSERT_TRUE(Resume("smi").ok());
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Reason(Verify(session->access_token()).status()), "TOKEN_REVOKED");
  auto refreshed = Refresh(session->refresh_token());
  ASSERT_TRUE(refreshed.ok()) << refreshed.status();
  EXPECT_TRUE(Verify(refreshed->access_token()).ok());
}

TEST_F(TenantsTest, SuspendingTwiceChangesNothing) {
  auto once = Suspend("smi");
  auto twice = Suspend("smi");
  ASSERT_TRUE(twice.ok());
  EXPECT_EQ(once->etag(), twice->etag());
  EXPECT_EQ(Reason(Suspend("smi", "stale").status()), "ETAG_MISMATCH");
}

TEST_F(TenantsTest, TheProviderCannotBeSuspended) {
  EXPECT_EQ(Reason(Suspend("provider").status()), "PROVIDER_TENANT");
}

}  // namespace
}  // namespace sockel::identity
