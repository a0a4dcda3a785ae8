#include "services/identity/access/access.h"

#include "services/identity/testing/identity_fixture.h"

namespace sockel::identity {
namespace {

class AccessTest : public IdentityTest {
 protected:
  absl::StatusOr<v1::CheckResponse> Check(const Caller& caller, const std::string& principal,
                                          const std::string& permission,
                                          const std::string& resource = "") {
    v1::CheckRequest request;
    request.set_principal(principal);
    request.set_permission(permission);
    request.set_resource(resource);
    return access_.Check(caller, request);
  }
};

TEST_F(AccessTest, TellsWhoOneIs) {
  Caller caller = testing::MakeCaller("smi", "tenants/smi/users/u1", {"reader", "caseworker"});
  caller.session = "tenants/smi/users/u1/sessions/s1";
  auto me = access_.WhoAmI(caller, {});
  ASSERT_TRUE(me.ok());
  EXPECT_EQ(me->principal(), "tenants/smi/users/u1");
  EXPECT_EQ(me->tenant(), "tenants/smi");
  EXPECT_EQ(me->roles_size(), 2);
  EXPECT_EQ(me->session(), caller.session);
}

TEST_F(AccessTest, AnswersAboutOneselfWithTheReason) {
  const Caller caller = testing::MakeCaller("smi", "", {"reader", "caseworker"});
  auto yes = Check(caller, "", "efile.dossiers.close", "tenants/smi/dossiers/d1");
  EXPECT_TRUE(yes->allowed());
  EXPECT_EQ(yes->reason(), "role caseworker");
  auto elsewhere = Check(caller, "", "efile.dossiers.close", "tenants/stmb/dossiers/d1");
  EXPECT_FALSE(elsewhere->allowed());
  EXPECT_EQ(elsewhere->reason(),
            "no role of the principal holds efile.dossiers.close in tenants/stmb");
}

TEST_F(AccessTest, AnswersAboutOthersFromTheCurrentBindings) {
  auto user = MakeUser("erika");
  EXPECT_FALSE(Check(Admin(), user->name(), "efile.dossiers.get")->allowed());
  ASSERT_TRUE(Bind(Admin(), user->name(), "reader").ok());
  EXPECT_TRUE(Check(Admin(), user->name(), "efile.dossiers.get")->allowed());
  EXPECT_FALSE(Check(Admin(), user->name(), "efile.dossiers.close")->allowed());
}

TEST_F(AccessTest, ALockedUserMayNothing) {
  const v1::User user = MakeActiveUser("erika");
  v1::LockUserRequest lock;
  lock.set_name(user.name());
  ASSERT_TRUE(users_.Lock(Admin(), lock).ok());
  EXPECT_FALSE(Check(Admin(), user.name(), "efile.dossiers.get")->allowed());
}

TEST_F(AccessTest, AskingAboutOthersNeedsThePermission) {
  auto user = MakeUser("erika");
  const Caller caseworker = testing::MakeCaller("smi", "", {"caseworker"});
  EXPECT_EQ(Reason(Check(caseworker, user->name(), "efile.dossiers.get").status()),
            "PERMISSION_MISSING");
}

TEST_F(AccessTest, NobodyAsksIntoAnotherTenant) {
  ASSERT_TRUE(MakeTenant("stmb").ok());
  auto stranger = MakeUser("erika", "stmb");
  const absl::Status there = Check(Admin("smi"), stranger->name(), "efile.dossiers.get").status();
  const absl::Status not_there =
      Check(Admin("smi"), "tenants/stmb/users/nobody", "efile.dossiers.get").status();
  EXPECT_EQ(Reason(there), "PERMISSION_MISSING");
  EXPECT_EQ(there, not_there);
}

TEST_F(AccessTest, AServiceOfTheSuiteAsksInEveryTenant) {
  auto user = MakeUser("erika");
  ASSERT_TRUE(Bind(Admin(), user->name(), "reader").ok());
  const Caller service =
      testing::MakeCaller("provider", "tenants/provider/serviceAccounts/efile", {"service"});
  EXPECT_TRUE(Check(service, user->name(), "efile.dossiers.get")->allowed());
  EXPECT_EQ(Check(service, "tenants/smi/users/nobody", "efile.dossiers.get").status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace sockel::identity
