#include "services/identity/sign_in/sessions.h"

#include <set>
#include <thread>

#include "services/identity/testing/identity_fixture.h"

namespace sockel::identity {
namespace {

class SessionsTest : public IdentityTest {
 protected:
  SessionsTest() : user_(MakeActiveUser("erika")), session_(*Login("erika")) {}

  absl::StatusOr<v1::Session> Revoke(const std::string& name) {
    v1::RevokeSessionRequest request;
    request.set_name(name);
    return sessions_.Revoke(Admin(), request);
  }

  v1::User user_;
  v1::LoginResponse session_;
};

TEST_F(SessionsTest, ARefreshTokenIsGoodForOneSuccessor) {
  auto first = Refresh(session_.refresh_token());
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_NE(first->refresh_token(), session_.refresh_token());
  EXPECT_TRUE(Verify(first->access_token()).ok());
  clock_.Advance(absl::Minutes(10));
  auto second = Refresh(first->refresh_token());
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->session(), session_.session());
}

TEST_F(SessionsTest, ARetryWithinTheGraceGetsTheSameSuccessor) {
  auto first = Refresh(session_.refresh_token());
  clock_.Advance(absl::Seconds(30));
  auto retry = Refresh(session_.refresh_token());
  ASSERT_TRUE(retry.ok()) << retry.status();
  EXPECT_EQ(first->refresh_token(), retry->refresh_token());
}

TEST_F(SessionsTest, ReuseAfterTheGraceEndsTheFamily) {
  auto first = Refresh(session_.refresh_token());
  clock_.Advance(absl::Seconds(31));
  EXPECT_EQ(Reason(Refresh(session_.refresh_token()).status()), "REFRESH_TOKEN_REUSED");
  EXPECT_EQ(Reason(Refresh(first->refresh_token()).status()), "REFRESH_TOKEN_INVALID");
  EXPECT_EQ(Reason(Verify(first->access_token()).status()), "TOKEN_REVOKED");
}

TEST_F(SessionsTest, ReuseOfAnOlderAncestorEndsTheFamilyAtOnce) {
  auto first = Refresh(session_.refresh_token());
  auto second = Refresh(first->refresh_token());
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(Reason(Refresh(session_.refresh_token()).status()), "REFRESH_TOKEN_REUSED");
  EXPECT_EQ(Reason(Refresh(second->refresh_token()).status()), "REFRESH_TOKEN_INVALID");
}

TEST_F(SessionsTest, AnInventedTokenEndsNothing) {
  auto token = RefreshToken::Parse(session_.refresh_token());
  ASSERT_TRUE(Refresh(session_.refresh_token()).ok());
  clock_.Advance(absl::Minutes(1));
  token->secret = std::string(32, 'x');
  EXPECT_EQ(Reason(Refresh(token->ToText()).status()), "REFRESH_TOKEN_INVALID");
  token->generation = 7;
  EXPECT_EQ(Reason(Refresh(token->ToText()).status()), "REFRESH_TOKEN_INVALID");
  v1::ListSessionsRequest list;
  list.set_parent(user_.name());
  EXPECT_EQ(sessions_.List(Admin(), list)->sessions_size(), 1);
}

TEST_F(SessionsTest, ManyClientsWithOneTokenAllGetTheOneSuccessor) {
  constexpr int kClients = 8;
  std::vector<std::string> successors(kClients);
  std::vector<std::thread> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&, i] {
      auto refreshed = Refresh(session_.refresh_token());
      successors[static_cast<size_t>(i)] =
          refreshed.ok() ? refreshed->refresh_token() : refreshed.status().ToString();
    });
  }
  for (std::thread& client : clients) client.join();
  const std::set<std::string> distinct(successors.begin(), successors.end());
  EXPECT_EQ(distinct.size(), 1u) << *distinct.begin() << " | " << *distinct.rbegin();
  EXPECT_TRUE(Refresh(*distinct.begin()).ok());
}

TEST_F(SessionsTest, TheDatabaseHoldsNoRefreshToken) {
  auto token = RefreshToken::Parse(session_.refresh_token());
  pqxx::connection connection(database_.superuser_conninfo());
  pqxx::work work(connection);
  const auto stored = pqxx::binarystring(work.exec("SELECT refresh_hash FROM sessions")[0][0]);
  EXPECT_EQ(stored.str(), token->Hash());
  EXPECT_NE(stored.str(), token->secret);
}

TEST_F(SessionsTest, EndsWhenIdleAndAtTheLatestAfterItsLifetime) {
  std::string token = session_.refresh_token();
  for (int i = 0; i < 11; ++i) {
    clock_.Advance(absl::Hours(1));
    auto refreshed = Refresh(token);
    ASSERT_TRUE(refreshed.ok()) << i << refreshed.status();
    token = refreshed->refresh_token();
  }
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Reason(Refresh(token).status()), "REFRESH_TOKEN_INVALID");

  auto idle = Login("erika");
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(Reason(Refresh(idle->refresh_token()).status()), "REFRESH_TOKEN_INVALID");
}

TEST_F(SessionsTest, ListsTheLiveOnesNewestFirstInPages) {
  clock_.Advance(absl::Seconds(1));
  auto second = Login("erika");
  clock_.Advance(absl::Seconds(1));
  auto third = Login("erika");
  ASSERT_TRUE(Revoke(second->session()).ok());
  v1::ListSessionsRequest request;
  request.set_parent(user_.name());
  request.set_page_size(1);
  auto page = sessions_.List(Admin(), request);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->sessions(0).name(), third->session());
  request.set_page_token(page->next_page_token());
  page = sessions_.List(Admin(), request);
  EXPECT_EQ(page->sessions(0).name(), session_.session());
  EXPECT_EQ(page->next_page_token(), "");
}

TEST_F(SessionsTest, RevokingStopsBothTokens) {
  clock_.Advance(absl::Seconds(1));
  auto other = Login("erika");
  clock_.Advance(absl::Seconds(1));
  auto revoked = Revoke(session_.session());
  ASSERT_TRUE(revoked.ok()) << revoked.status();
  EXPECT_TRUE(revoked->has_revoke_time());
  EXPECT_EQ(Reason(Verify(session_.access_token()).status()), "TOKEN_REVOKED");
  EXPECT_EQ(Reason(Refresh(session_.refresh_token()).status()), "REFRESH_TOKEN_INVALID");
  EXPECT_TRUE(Verify(other->access_token()).ok());
  EXPECT_TRUE(Revoke(session_.session()).ok());
}

TEST_F(SessionsTest, AnotherTenantsSessionIsNotThere) {
  ASSERT_TRUE(MakeTenant("stmb").ok());
  v1::RevokeSessionRequest request;
  request.set_name(session_.session());
  EXPECT_EQ(sessions_.Revoke(Admin("stmb"), request).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(SessionsTest, LogoutEndsTheOwnSession) {
  Caller caller = testing::MakeCaller("smi", user_.name(), {});
  caller.session = session_.session();
  clock_.Advance(absl::Seconds(1));
  ASSERT_TRUE(sessions_.Logout(caller, {}).ok());
  EXPECT_EQ(Reason(Verify(session_.access_token()).status()), "TOKEN_REVOKED");
  EXPECT_TRUE(sessions_.Logout(caller, {}).ok());
}

TEST_F(SessionsTest, UpkeepDropsSessionsADayAfterTheyEnded) {
  clock_.Advance(absl::Hours(40));
  ASSERT_TRUE(upkeep_.DropExpired().ok());
  pqxx::connection connection(database_.superuser_conninfo());
  pqxx::work work(connection);
  EXPECT_EQ(work.exec("SELECT count(*) FROM sessions")[0][0].as<int>(), 0);
}

}  // namespace
}  // namespace sockel::identity
