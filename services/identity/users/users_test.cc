#include "services/identity/users/users.h"

#include <thread>

#include "services/identity/testing/identity_fixture.h"

namespace sockel::identity {
namespace {

class UsersTest : public IdentityTest {
 protected:
  absl::StatusOr<v1::User> LockBy(const Caller& caller, const std::string& name) {
    v1::LockUserRequest request;
    request.set_name(name);
    return users_.Lock(caller, request);
  }
  absl::StatusOr<v1::User> UnlockBy(const Caller& caller, const std::string& name) {
    v1::UnlockUserRequest request;
    request.set_name(name);
    return users_.Unlock(caller, request);
  }
  absl::StatusOr<v1::User> Lock(const std::string& name) { return LockBy(Admin(), name); }
  absl::StatusOr<v1::User> Unlock(const std::string& name) { return UnlockBy(Admin(), name); }
  // The catalog's account at work in another tenant.
  static Caller Catalog(const std::string& tenant = "smi") {
    return testing::MakeCaller("provider", "tenants/provider/serviceAccounts/catalog",
                               {"provisioner", "service"})
        .InTenant(tenant);
  }
  absl::StatusOr<v1::IssueActivationCodeResponse> IssueCode(const Caller& caller,
                                                            const std::string& name) {
    v1::IssueActivationCodeRequest request;
    request.set_name(name);
    return activation_.IssueCode(caller, request);
  }
  absl::StatusOr<v1::ActivateUserResponse> ActivateWith(const std::string& login,
                                                        const std::string& code,
                                                        const std::string& password = kPassword) {
    v1::ActivateUserRequest request;
    request.set_tenant("tenants/smi");
    request.set_login(login);
    request.set_code(code);
    request.set_new_password(password);
    return activation_.Activate(Anonymous(), request);
  }
};

TEST_F(UsersTest, CreatesUsersWithoutPassword) {
  auto user = MakeUser("erika");
  ASSERT_TRUE(user.ok()) << user.status();
  EXPECT_FALSE(user->activated());
  EXPECT_EQ(user->state(), v1::User::ACTIVE);
  EXPECT_EQ(user->locale(), "de-DE");
  EXPECT_EQ(Reason(Login("erika", "").status()), "CREDENTIALS_INVALID");
}

TEST_F(UsersTest, LoginsAreUniqueWithinATenantOnly) {
  ASSERT_TRUE(MakeTenant("stmb").ok());
  ASSERT_TRUE(MakeUser("erika").ok());
  EXPECT_EQ(Reason(MakeUser("erika").status()), "LOGIN_TAKEN");
  EXPECT_TRUE(MakeUser("erika", "stmb").ok());
}

TEST_F(UsersTest, RefusesNamesThatDeceive) {
  v1::CreateUserRequest request;
  request.set_parent("tenants/smi");
  request.mutable_user()->set_login("erika");
  request.mutable_user()->set_display_name("Erika\u202Eretsum");
  EXPECT_EQ(Reason(users_.Create(Admin(), request).status()), "FIELD_INVALID");
}

TEST_F(UsersTest, RefusesEmailsThatDeceive) {
  v1::CreateUserRequest create;
  create.set_parent("tenants/smi");
  create.mutable_user()->set_login("erika");
  create.mutable_user()->set_display_name("Erika Muster");
  create.mutable_user()->set_email_address("erika@smi\u202E.example");
  EXPECT_EQ(Reason(users_.Create(Admin(), create).status()), "FIELD_INVALID");
  auto user = MakeUser("erika");
  v1::UpdateUserRequest update;
  update.mutable_user()->set_name(user->name());
  update.mutable_user()->set_email_address("erika\u034F@smi.example");
  EXPECT_EQ(Reason(users_.Update(Admin(), update).status()), "FIELD_INVALID");
}

TEST_F(UsersTest, AnUnknownTenantHasNoUsers) {
  EXPECT_EQ(MakeUser("erika", "nowhere").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(UsersTest, AnotherTenantsUserIsNotThere) {
  ASSERT_TRUE(MakeTenant("stmb").ok());
  auto user = MakeUser("erika", "stmb");
  v1::GetUserRequest request;
  request.set_name(user->name());
  EXPECT_EQ(users_.Get(Admin("smi"), request).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Lock(user->name()).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(UsersTest, ListsInPagesAndByLogin) {
  for (const char* login : {"a1", "b2", "c3"}) {
    ASSERT_TRUE(MakeUser(login).ok());
    clock_.Advance(absl::Seconds(1));
  }
  v1::ListUsersRequest request;
  request.set_parent("tenants/smi");
  request.set_page_size(2);
  auto page = users_.List(Admin(), request);
  ASSERT_EQ(page->users_size(), 2);
  request.set_page_token(page->next_page_token());
  page = users_.List(Admin(), request);
  ASSERT_EQ(page->users_size(), 1);
  EXPECT_EQ(page->users(0).login(), "c3");
  v1::ListUsersRequest one;
  one.set_parent("tenants/smi");
  one.set_login("b2");
  ASSERT_EQ(users_.List(Admin(), one)->users_size(), 1);
}

TEST_F(UsersTest, UpdatesWhatTheMaskNames) {
  auto user = MakeUser("erika");
  v1::UpdateUserRequest request;
  request.mutable_user()->set_name(user->name());
  request.mutable_user()->set_display_name("Ignored");
  request.mutable_user()->set_email_address("new@smi.example");
  request.mutable_update_mask()->add_paths("email_address");
  auto changed = users_.Update(Admin(), request);
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(changed->email_address(), "new@smi.example");
  EXPECT_EQ(changed->display_name(), "Erika Muster");
  EXPECT_NE(changed->etag(), user->etag());
}

TEST_F(UsersTest, ActivationSetsThePassword) {
  auto user = MakeUser("erika");
  auto code = IssueCode(Admin(), user->name());
  ASSERT_TRUE(code.ok()) << code.status();
  EXPECT_EQ(code->code().size(), 24u);
  ASSERT_TRUE(ActivateWith("erika", code->code()).ok());
  EXPECT_TRUE(GetUser(user->name())->activated());
  EXPECT_TRUE(Login("erika").ok());
}

TEST_F(UsersTest, ACodeIsGoodOnce) {
  auto user = MakeUser("erika");
  auto code = IssueCode(Admin(), user->name());
  ASSERT_TRUE(ActivateWith("erika", code->code()).ok());
  EXPECT_EQ(Reason(ActivateWith("erika", code->code(), "another long password").status()),
            "ACTIVATION_CODE_INVALID");
}

TEST_F(UsersTest, ACodeExpiresAndIsReplacedByTheNext) {
  auto user = MakeUser("erika");
  auto first = IssueCode(Admin(), user->name());
  clock_.Advance(absl::Seconds(1));
  auto second = IssueCode(Admin(), user->name());
  EXPECT_NE(first->code(), second->code());
  EXPECT_EQ(Reason(ActivateWith("erika", first->code()).status()), "ACTIVATION_CODE_INVALID");
  clock_.Advance(absl::Hours(7 * 24));
  EXPECT_EQ(Reason(ActivateWith("erika", second->code()).status()), "ACTIVATION_CODE_INVALID");
}

TEST_F(UsersTest, AnUnknownUserIsAnsweredLikeAWrongCode) {
  MakeUser("erika").IgnoreError();
  const absl::Status wrong = ActivateWith("erika", "000000000000000000000000").status();
  const absl::Status unknown = ActivateWith("nobody", "000000000000000000000000").status();
  EXPECT_EQ(wrong, unknown);
}

TEST_F(UsersTest, ARepeatedRequestGetsTheSameCodeThoughItIsStoredNowhere) {
  auto user = MakeUser("erika");
  const Caller caller = testing::WithRequestId(Admin());
  auto first = IssueCode(caller, user->name());
  clock_.Advance(absl::Minutes(1));
  auto second = IssueCode(caller, user->name());
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->SerializeAsString(), second->SerializeAsString());
  pqxx::connection connection(database_.superuser_conninfo());
  pqxx::work work(connection);
  const auto rows = work.exec("SELECT row_to_json(k)::text FROM idempotency_keys k");
  for (const auto& row : rows) {
    EXPECT_EQ(row[0].as<std::string>().find(ids::ToHex(first->code())), std::string::npos);
    EXPECT_EQ(row[0].as<std::string>().find(first->code()), std::string::npos);
  }
}

TEST_F(UsersTest, ActivationRefusesCommonPasswords) {
  auto user = MakeUser("erika");
  auto code = IssueCode(Admin(), user->name());
  EXPECT_EQ(Reason(ActivateWith("erika", code->code(), "passwortpasswort").status()),
            "PASSWORD_COMMON");
  EXPECT_TRUE(ActivateWith("erika", code->code()).ok());
}

TEST_F(UsersTest, ANewPasswordEndsTheSessions) {
  const v1::User user = MakeActiveUser("erika");
  auto session = Login("erika");
  clock_.Advance(absl::Seconds(1));
  ASSERT_TRUE(Activate(user, "ein anderes langes Wort").ok());
  EXPECT_EQ(Reason(Verify(session->access_token()).status()), "TOKEN_REVOKED");
  EXPECT_EQ(Reason(Refresh(session->refresh_token()).status()), "REFRESH_TOKEN_INVALID");
}

TEST_F(UsersTest, ANewPasswordEndsTheTokensOfSessionsThatExpired) {
  const v1::User user = MakeActiveUser("erika");
  SignIn briefly{{db_, clock_, *hasher_, budget_, issuer_, {.idle = absl::Seconds(1)}}};
  v1::LoginRequest login;
  login.set_tenant("tenants/smi");
  login.set_login("erika");
  login.set_password(kPassword);
  auto session = briefly.Login(Anonymous(), login);
  ASSERT_TRUE(session.ok()) << session.status();
  clock_.Advance(absl::Seconds(2));
  ASSERT_TRUE(Verify(session->access_token()).ok());
  ASSERT_TRUE(Activate(user, "ein anderes langes Wort").ok());
  EXPECT_EQ(Reason(Verify(session->access_token()).status()), "TOKEN_REVOKED");
}

TEST_F(UsersTest, LockingEndsSessionsAndStopsTokens) {
  const v1::User user = MakeActiveUser("erika");
  auto session = Login("erika");
  clock_.Advance(absl::Seconds(1));
  auto locked = Lock(user.name());
  ASSERT_TRUE(locked.ok()) << locked.status();
  EXPECT_EQ(locked->state(), v1::User::LOCKED);
  EXPECT_EQ(Reason(Verify(session->access_token()).status()), "TOKEN_REVOKED");
  EXPECT_EQ(Reason(Refresh(session->refresh_token()).status()), "REFRESH_TOKEN_INVALID");
  EXPECT_EQ(Reason(Login("erika").status()), "ACCOUNT_LOCKED");
  EXPECT_EQ(Reason(Login("erika", "wrong wrong wrong").status()), "CREDENTIALS_INVALID");

  ASSERT_TRUE(Unlock(user.name()).ok());
  clock_.Advance(absl::Seconds(1));
  auto again = Login("erika");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(Verify(again->access_token()).ok());
}

TEST_F(UsersTest, UnlockingAnswersWithoutTheFailuresThatItForgets) {
  const v1::User user = MakeActiveUser("erika");
  for (int i = 0; i < 5; ++i) Login("erika", "wrong wrong wrong").IgnoreError();
  ASSERT_EQ(GetUser(user.name())->failed_sign_in_count(), 5);
  auto unlocked = Unlock(user.name());
  ASSERT_TRUE(unlocked.ok()) << unlocked.status();
  EXPECT_EQ(unlocked->failed_sign_in_count(), 0);
  EXPECT_FALSE(unlocked->has_sign_in_blocked_until());
  EXPECT_EQ(GetUser(user.name())->SerializeAsString(), unlocked->SerializeAsString());
}

TEST_F(UsersTest, TheLastAdministratorCannotBeLocked) {
  const v1::User first = MakeActiveUser("first", "tenant-admin");
  EXPECT_EQ(Reason(Lock(first.name()).status()), "LAST_ADMIN");
  const v1::User second = MakeActiveUser("second", "tenant-admin");
  EXPECT_TRUE(Lock(first.name()).ok());
  EXPECT_EQ(Reason(Lock(second.name()).status()), "LAST_ADMIN");
}

// Whoever has the first one's place can do nothing before he sets a password.
TEST_F(UsersTest, AnAdministratorWithoutPasswordDoesNotCount) {
  const v1::User first = MakeActiveUser("first", "tenant-admin");
  auto second = MakeUser("second");
  ASSERT_TRUE(Bind(Admin(), second->name(), "tenant-admin").ok());
  EXPECT_EQ(Reason(Lock(first.name()).status()), "LAST_ADMIN");
  EXPECT_TRUE(Lock(second->name()).ok());
  ASSERT_TRUE(Unlock(second->name()).ok());
  ASSERT_TRUE(Activate(*second).ok());
  EXPECT_TRUE(Lock(first.name()).ok());
}

TEST_F(UsersTest, TheLastOperatorCannotBeLocked) {
  const v1::User first = MakeActiveUser("first", "operator", "provider");
  EXPECT_EQ(Reason(LockBy(Operator(), first.name()).status()), "LAST_ADMIN");
  MakeActiveUser("boss", "tenant-admin", "provider");
  EXPECT_EQ(Reason(LockBy(Operator(), first.name()).status()), "LAST_ADMIN");
  MakeActiveUser("second", "operator", "provider");
  EXPECT_TRUE(LockBy(Operator(), first.name()).ok());
}

TEST_F(UsersTest, TheCatalogInvitesOnlyWhoHasNoPasswordYet) {
  auto admin = MakeUser("boss");
  ASSERT_TRUE(Bind(Admin(), admin->name(), "tenant-admin").ok());
  auto invitation = IssueCode(Catalog(), admin->name());
  ASSERT_TRUE(invitation.ok()) << invitation.status();
  ASSERT_TRUE(ActivateWith("boss", invitation->code()).ok());
  const absl::Status again = IssueCode(Catalog(), admin->name()).status();
  EXPECT_EQ(again.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Reason(again), "USER_ACTIVATED");
  EXPECT_TRUE(IssueCode(Admin(), admin->name()).ok());
}

TEST_F(UsersTest, NobodyTakesOverOrStopsWhoHasARoleThatHeMayNotGive) {
  MakeActiveUser("first", "operator", "provider");
  const v1::User second = MakeActiveUser("second", "operator", "provider");
  const Caller boss = Admin("provider");
  EXPECT_EQ(Reason(IssueCode(boss, second.name()).status()), "ROLE_NOT_GRANTABLE");
  EXPECT_EQ(Reason(LockBy(boss, second.name()).status()), "ROLE_NOT_GRANTABLE");
  ASSERT_TRUE(LockBy(Operator(), second.name()).ok());
  EXPECT_EQ(Reason(UnlockBy(boss, second.name()).status()), "ROLE_NOT_GRANTABLE");
  EXPECT_TRUE(UnlockBy(Operator(), second.name()).ok());
  EXPECT_TRUE(IssueCode(Operator(), second.name()).ok());
}

TEST_F(UsersTest, ATokenMadeWhileLockingWaitedIsStoppedToo) {
  const v1::User user = MakeActiveUser("erika");
  pqxx::connection connection(database_.superuser_conninfo());
  pqxx::work somebody(connection);
  somebody.exec("SELECT 1 FROM users FOR KEY SHARE");
  absl::StatusOr<v1::User> locked = absl::UnknownError("not yet");
  std::thread locking([&] { locked = Lock(user.name()); });
  database_.AwaitBlocked();
  clock_.Advance(absl::Seconds(1));
  auto session = Login("erika");
  somebody.commit();
  locking.join();
  ASSERT_TRUE(locked.ok()) << locked.status();
  ASSERT_TRUE(session.ok()) << session.status();
  EXPECT_EQ(Reason(Verify(session->access_token()).status()), "TOKEN_REVOKED");
}

TEST_F(UsersTest, NoCodeForALockedUser) {
  auto user = MakeUser("erika");
  ASSERT_TRUE(Lock(user->name()).ok());
  EXPECT_EQ(Reason(IssueCode(Admin(), user->name()).status()), "ACCOUNT_LOCKED");
}

}  // namespace
}  // namespace sockel::identity
