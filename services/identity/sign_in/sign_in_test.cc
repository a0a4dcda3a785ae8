#include "services/identity/sign_in/sign_in.h"

#include <atomic>
#include <thread>

#include "common/clock/timestamp.h"
#include "services/identity/testing/identity_fixture.h"

namespace sockel::identity {
namespace {

using SignInTest = IdentityTest;

TEST_F(SignInTest, GivesASessionAndBothTokens) {
  const v1::User user = MakeActiveUser("erika");
  auto session = Login("erika");
  ASSERT_TRUE(session.ok()) << session.status();
  EXPECT_EQ(session->user(), user.name());
  EXPECT_EQ(session->session().rfind(user.name() + "/sessions/", 0), 0u);
  EXPECT_EQ(FromTimestamp(session->access_token_expire_time()), clock_.Now() + absl::Minutes(10));
  auto principal = Verify(session->access_token());
  ASSERT_TRUE(principal.ok()) << principal.status();
  EXPECT_EQ((*principal)->subject, user.name());
  EXPECT_EQ((*principal)->tenant, "smi");
  EXPECT_EQ((*principal)->session, session->session());
}

TEST_F(SignInTest, TakesTheLoginInAnyCaseAndThePasswordInAnyNormalForm) {
  auto user = MakeUser("erika");
  ASSERT_TRUE(Activate(*user, "gr\u00fcner Esel lacht").ok());
  EXPECT_TRUE(Login("Erika", "gru\u0308ner Esel lacht").ok());
}

TEST_F(SignInTest, DoesNotTellWhatIsWrong) {
  MakeActiveUser("erika");
  const absl::Status wrong_password = Login("erika", "wrong wrong wrong").status();
  EXPECT_EQ(Reason(wrong_password), "CREDENTIALS_INVALID");
  EXPECT_EQ(Login("nobody").status(), wrong_password);
  EXPECT_EQ(Login("erika", kPassword, "nowhere").status(), wrong_password);
}

TEST_F(SignInTest, BlocksALoginAfterFiveFailuresAndReleasesIt) {
  const v1::User user = MakeActiveUser("erika");
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Reason(Login("erika", "wrong wrong wrong").status()), "CREDENTIALS_INVALID");
  }
  const absl::Status blocked = Login("erika").status();
  EXPECT_EQ(Reason(blocked), "TOO_MANY_ATTEMPTS");
  EXPECT_EQ(error::RetryAfterOf(blocked), absl::Seconds(1));
  EXPECT_EQ(GetUser(user.name())->failed_sign_in_count(), 5);
  EXPECT_TRUE(GetUser(user.name())->has_sign_in_blocked_until());
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(Login("erika").ok());
  EXPECT_EQ(GetUser(user.name())->failed_sign_in_count(), 0);
}

TEST_F(SignInTest, BlocksLongerWithEachFailureUpToAQuarterOfAnHour) {
  MakeActiveUser("erika");
  absl::Duration last;
  for (int i = 0; i < 40; ++i) {
    const absl::Status status = Login("erika", "wrong wrong wrong").status();
    if (Reason(status) != "TOO_MANY_ATTEMPTS") continue;
    EXPECT_GE(error::RetryAfterOf(status), last);
    last = error::RetryAfterOf(status);
    clock_.Advance(last);
  }
  EXPECT_EQ(last, absl::Minutes(15));
}

TEST_F(SignInTest, AnUnknownLoginIsBlockedAlike) {
  for (int i = 0; i < 5; ++i) Login("nobody", "wrong wrong wrong").IgnoreError();
  EXPECT_EQ(Reason(Login("nobody", "wrong wrong wrong").status()), "TOO_MANY_ATTEMPTS");
}

TEST_F(SignInTest, AnUnknownTenantIsBlockedAlike) {
  MakeActiveUser("erika");
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Login("erika", "wrong wrong wrong", "nowhere").status(),
              Login("erika", "wrong wrong wrong").status());
  }
  const absl::Status blocked = Login("erika", "wrong wrong wrong", "nowhere").status();
  EXPECT_EQ(Reason(blocked), "TOO_MANY_ATTEMPTS");
  EXPECT_EQ(blocked, Login("erika", "wrong wrong wrong").status());
}

TEST_F(SignInTest, OneAddressRunsDryBeforeItBlocksAMinistry) {
  MakeActiveUser("erika");
  int asked = 0;
  while (Reason(Login("user" + std::to_string(asked), "wrong wrong wrong").status()) ==
         "CREDENTIALS_INVALID") {
    ASSERT_LT(++asked, 200);
  }
  EXPECT_EQ(asked, 100);
  EXPECT_EQ(Reason(Login("erika").status()), "TOO_MANY_ATTEMPTS");
  EXPECT_TRUE(Login("erika", kPassword, "smi", "198.51.100.7").ok());
}

TEST_F(SignInTest, UnlockForgetsFailures) {
  const v1::User user = MakeActiveUser("erika");
  for (int i = 0; i < 8; ++i) Login("erika", "wrong wrong wrong").IgnoreError();
  v1::UnlockUserRequest request;
  request.set_name(user.name());
  ASSERT_TRUE(users_.Unlock(Admin(), request).ok());
  EXPECT_TRUE(Login("erika").ok());
}

TEST_F(SignInTest, ManyGuessesAtOnceGetFewHashesAndNoLogin) {
  MakeActiveUser("erika");
  std::atomic<int> invalid{0}, refused{0}, other{0};
  std::vector<std::thread> attackers;
  for (int i = 0; i < 8; ++i) {
    attackers.emplace_back([&, i] {
      for (int n = 0; n < 50; ++n) {
        const std::string reason = Reason(Login("erika", "guess number " + std::to_string(n), "smi",
                                                "192.0.2." + std::to_string(i))
                                              .status());
        ++(reason == "CREDENTIALS_INVALID" ? invalid
           : reason == "TOO_MANY_ATTEMPTS" ? refused
                                           : other);
      }
    });
  }
  for (std::thread& attacker : attackers) attacker.join();
  EXPECT_EQ(other, 0);
  // Five, and those that were under way with the fifth.
  EXPECT_LE(invalid, 5 + 8);
  EXPECT_EQ(invalid + refused, 400);
}

TEST_F(SignInTest, RehashesWhenTheParametersChange) {
  auto user = MakeUser("erika");
  ASSERT_TRUE(Activate(*user).ok());
  auto stronger = PasswordHasher::Create({.memory_kib = 16, .passes = 1});
  SignIn sign_in({db_, clock_, **stronger, budget_, issuer_, {}});
  v1::LoginRequest request;
  request.set_tenant("tenants/smi");
  request.set_login("erika");
  request.set_password(kPassword);
  ASSERT_TRUE(sign_in.Login(Anonymous(), request).ok());
  pqxx::connection connection(database_.superuser_conninfo());
  pqxx::work work(connection);
  const auto hash = work.exec("SELECT password_hash FROM users")[0][0].as<std::string>();
  EXPECT_NE(hash.find("m=16,"), std::string::npos) << hash;
  EXPECT_TRUE(sign_in.Login(Anonymous(), request).ok());
}

// The account is changed by somebody whose transaction began after the sign-in
// read it, and ends before the session is there.
class ChangedMeanwhileTest : public IdentityTest {
 protected:
  ChangedMeanwhileTest() { MakeActiveUser("erika"); }

  absl::StatusOr<v1::LoginResponse> LoginDuring(const std::string& change, SignIn& sign_in) {
    pqxx::connection connection(database_.superuser_conninfo());
    pqxx::work somebody(connection);
    somebody.exec("UPDATE users SET " + change);
    v1::LoginRequest request;
    request.set_tenant("tenants/smi");
    request.set_login("erika");
    request.set_password(kPassword);
    absl::StatusOr<v1::LoginResponse> response = absl::UnknownError("not yet");
    std::thread login([&] { response = sign_in.Login(Anonymous(), request); });
    database_.AwaitBlocked();
    somebody.commit();
    login.join();
    return response;
  }
  int Sessions() {
    pqxx::connection connection(database_.superuser_conninfo());
    return pqxx::work(connection).exec("SELECT count(*) FROM sessions")[0][0].as<int>();
  }
  std::string Quoted(const std::string& text) {
    pqxx::connection connection(database_.superuser_conninfo());
    return pqxx::work(connection).quote(text);
  }
};

TEST_F(ChangedMeanwhileTest, AnOldPasswordMakesNoSessionAfterTheNewOneIsSet) {
  const std::string other = *hasher_->Hash("ein anderes langes Wort");
  auto session = LoginDuring("password_hash = " + Quoted(other), sign_in_);
  EXPECT_EQ(Reason(session.status()), "CREDENTIALS_INVALID");
  EXPECT_EQ(Sessions(), 0);
  EXPECT_TRUE(Login("erika", "ein anderes langes Wort").ok());
}

TEST_F(ChangedMeanwhileTest, ALockedUserGetsNoSessionToWakeUpWhenHeIsUnlocked) {
  EXPECT_EQ(Reason(LoginDuring("state = 'LOCKED'", sign_in_).status()), "ACCOUNT_LOCKED");
  EXPECT_EQ(Sessions(), 0);
}

TEST_F(ChangedMeanwhileTest, ARehashNeverRestoresTheOldPassword) {
  auto stronger = PasswordHasher::Create({.memory_kib = 16, .passes = 1});
  SignIn sign_in({db_, clock_, **stronger, budget_, issuer_, {}});
  const std::string other = *hasher_->Hash("ein anderes langes Wort");
  auto session = LoginDuring("password_hash = " + Quoted(other), sign_in);
  EXPECT_EQ(Reason(session.status()), "CREDENTIALS_INVALID");
  EXPECT_TRUE(Login("erika", "ein anderes langes Wort").ok());
}

TEST_F(ChangedMeanwhileTest, TheSamePasswordHashedAnewSignsIn) {
  auto stronger = PasswordHasher::Create({.memory_kib = 16, .passes = 1});
  SignIn sign_in({db_, clock_, **stronger, budget_, issuer_, {}});
  const std::string anew = *(*stronger)->Hash(kPassword);
  auto session = LoginDuring("password_hash = " + Quoted(anew), sign_in);
  EXPECT_TRUE(session.ok()) << session.status();
}

TEST_F(SignInTest, NoTenantCodeOpensAllTenants) {
  MakeActiveUser("erika");
  for (const char* code : {"*", "-", ""}) {
    EXPECT_EQ(Reason(Login("erika", kPassword, code).status()), "CREDENTIALS_INVALID") << code;
  }
}

}  // namespace
}  // namespace sockel::identity
