#include "services/identity/role_bindings/role_bindings.h"

#include "services/identity/testing/identity_fixture.h"

namespace sockel::identity {
namespace {

class RoleBindingsTest : public IdentityTest {
 protected:
  absl::Status Delete(const Caller& caller, const std::string& name) {
    v1::DeleteRoleBindingRequest request;
    request.set_name(name);
    return bindings_.Delete(caller, request).status();
  }
};

TEST_F(RoleBindingsTest, PutsTheRoleIntoTheNextToken) {
  MakeActiveUser("erika", "caseworker");
  auto session = Login("erika");
  ASSERT_TRUE(session.ok());
  EXPECT_EQ((*Verify(session->access_token()))->roles, std::vector<std::string>{"caseworker"});
}

TEST_F(RoleBindingsTest, RefusesUnknownRoles) {
  auto user = MakeUser("erika");
  EXPECT_EQ(Reason(Bind(Admin(), user->name(), "god").status()), "ROLE_UNKNOWN");
}

TEST_F(RoleBindingsTest, NobodyGivesARoleToHimself) {
  auto user = MakeUser("erika");
  Caller erika = testing::MakeCaller("smi", user->name(), {"tenant-admin"});
  EXPECT_EQ(Reason(Bind(erika, user->name(), "records-manager").status()), "ROLE_NOT_GRANTABLE");
}

TEST_F(RoleBindingsTest, NobodyGivesARoleThatHisOwnMayNotGive) {
  auto user = MakeUser("erika");
  Caller caseworker = testing::MakeCaller("smi", "tenants/smi/users/x", {"caseworker"});
  EXPECT_EQ(Reason(Bind(caseworker, user->name(), "caseworker").status()), "ROLE_NOT_GRANTABLE");
}

TEST_F(RoleBindingsTest, TheProvidersRolesStayInItsTenant) {
  auto user = MakeUser("erika");
  for (const char* role : {"operator", "provisioner", "service"}) {
    EXPECT_EQ(Reason(Bind(Admin(), user->name(), role).status()), "ROLE_NOT_GRANTABLE") << role;
  }
}

// With `provisioner` or `service` an operator could reach into every ministry.
TEST_F(RoleBindingsTest, OnlyBootstrapMakesServicesOfTheSuite) {
  ASSERT_TRUE(MakeServiceAccount(*auth::Key::Generate(), "mine", "provider").ok());
  for (const char* role : {"provisioner", "service"}) {
    EXPECT_EQ(Reason(Bind(Operator(), "tenants/provider/serviceAccounts/mine", role).status()),
              "ROLE_NOT_GRANTABLE")
        << role;
  }
}

TEST_F(RoleBindingsTest, RefusesPrincipalsOfOtherTenants) {
  ASSERT_TRUE(MakeTenant("stmb").ok());
  auto stranger = MakeUser("erika", "stmb");
  EXPECT_EQ(Reason(Bind(Admin("smi"), stranger->name(), "caseworker").status()), "FIELD_INVALID");
  EXPECT_EQ(Bind(Admin("smi"), "tenants/smi/users/nobody", "caseworker").status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(RoleBindingsTest, RefusesTheSameTwice) {
  auto user = MakeUser("erika");
  ASSERT_TRUE(Bind(Admin(), user->name(), "reader").ok());
  EXPECT_EQ(Reason(Bind(Admin(), user->name(), "reader").status()), "RESOURCE_EXISTS");
}

TEST_F(RoleBindingsTest, TakingARoleStopsTheTokensThatHoldIt) {
  const v1::User user = MakeActiveUser("erika", "caseworker");
  auto extra = Bind(Admin(), user.name(), "records-manager");
  auto session = Login("erika");
  clock_.Advance(absl::Seconds(1));
  ASSERT_TRUE(Delete(Admin(), extra->name()).ok());
  EXPECT_EQ(Reason(Verify(session->access_token()).status()), "TOKEN_REVOKED");
  clock_.Advance(absl::Seconds(1));
  auto refreshed = Refresh(session->refresh_token());
  ASSERT_TRUE(refreshed.ok()) << refreshed.status();
  EXPECT_EQ((*Verify(refreshed->access_token()))->roles, std::vector<std::string>{"caseworker"});
}

TEST_F(RoleBindingsTest, TheLastAdministratorStays) {
  auto first = MakeUser("first");
  auto binding = Bind(Admin(), first->name(), "tenant-admin");
  EXPECT_EQ(Reason(Delete(Admin(), binding->name())), "LAST_ADMIN");
  auto second = MakeUser("second");
  ASSERT_TRUE(Bind(Admin(), second->name(), "tenant-admin").ok());
  EXPECT_TRUE(Delete(Admin(), binding->name()).ok());
}

TEST_F(RoleBindingsTest, TheLastOperatorStays) {
  auto first = MakeUser("first", "provider");
  auto binding = Bind(Operator(), first->name(), "operator");
  ASSERT_TRUE(binding.ok()) << binding.status();
  EXPECT_EQ(Reason(Delete(Operator(), binding->name())), "LAST_ADMIN");
  ASSERT_TRUE(Activate(*first).ok());
  auto second = MakeUser("second", "provider");
  ASSERT_TRUE(Bind(Operator(), second->name(), "operator").ok());
  EXPECT_EQ(Reason(Delete(Operator(), binding->name())), "LAST_ADMIN") << "no password yet";
  ASSERT_TRUE(Activate(*second).ok());
  EXPECT_TRUE(Delete(Operator(), binding->name()).ok());
}

TEST_F(RoleBindingsTest, ListsByPrincipal) {
  auto first = MakeUser("first");
  auto second = MakeUser("second");
  ASSERT_TRUE(Bind(Admin(), first->name(), "reader").ok());
  ASSERT_TRUE(Bind(Admin(), first->name(), "caseworker").ok());
  ASSERT_TRUE(Bind(Admin(), second->name(), "reader").ok());
  v1::ListRoleBindingsRequest request;
  request.set_parent("tenants/smi");
  EXPECT_EQ(bindings_.List(Admin(), request)->role_bindings_size(), 3);
  request.set_principal(first->name());
  EXPECT_EQ(bindings_.List(Admin(), request)->role_bindings_size(), 2);
}

TEST_F(RoleBindingsTest, AnotherTenantsBindingIsNotThere) {
  ASSERT_TRUE(MakeTenant("stmb").ok());
  auto user = MakeUser("erika", "stmb");
  auto binding = Bind(Admin("stmb"), user->name(), "reader");
  EXPECT_EQ(Delete(Admin("smi"), binding->name()).code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace sockel::identity
