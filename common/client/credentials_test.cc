#include "common/client/credentials.h"

#include <gtest/gtest.h>

#include <fstream>
#include <future>

#include "common/auth/testing/fake_identity.h"
#include "common/testing/fake_clock.h"

namespace sockel::client {
namespace {

absl::StatusOr<std::string> Await(TokenSource& source) {
  std::promise<absl::StatusOr<std::string>> answer;
  source.Get([&](absl::StatusOr<std::string> token) { answer.set_value(std::move(token)); });
  return answer.get_future().get();
}

class ServiceAccountTokensTest : public ::testing::Test {
 protected:
  ServiceAccountTokensTest() { identity_.SetServiceAccount(key_); }

  const auth::Key key_ = auth::Key::Generate().value();
  testing::FakeClock clock_{absl::Now()};
  auth::FakeIdentity identity_{clock_};
  std::shared_ptr<TokenSource> tokens_ = ServiceAccountTokens(
      {"tenants/provider/serviceAccounts/efile", key_}, identity_.Channel(), clock_);
};

TEST_F(ServiceAccountTokensTest, SignsInOnFirstUseAndKeepsTheToken) {
  EXPECT_EQ(identity_.token_calls(), 0);
  EXPECT_EQ(Await(*tokens_).value(), "service-token-1");
  EXPECT_EQ(Await(*tokens_).value(), "service-token-1");
  EXPECT_EQ(identity_.token_calls(), 1);
}

TEST_F(ServiceAccountTokensTest, SignsInOnceForEverybodyWhoWaits) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { EXPECT_EQ(Await(*tokens_).value(), "service-token-1"); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(identity_.token_calls(), 1);
}

TEST_F(ServiceAccountTokensTest, RenewsInTheBackgroundBeforeTheTokenExpires) {
  ASSERT_TRUE(Await(*tokens_).ok());
  clock_.Advance(absl::Minutes(7));
  EXPECT_EQ(Await(*tokens_).value(), "service-token-1");
  while (Await(*tokens_).value() != "service-token-2") std::this_thread::yield();
  EXPECT_EQ(identity_.token_calls(), 2);
}

TEST_F(ServiceAccountTokensTest, GoesOnWithTheTokenAtHandWhileIdentityIsDown) {
  ASSERT_TRUE(Await(*tokens_).ok());
  identity_.Stop();
  clock_.Advance(absl::Minutes(8));
  EXPECT_EQ(Await(*tokens_).value(), "service-token-1");
}

TEST_F(ServiceAccountTokensTest, WaitsOutAShortAbsenceOfIdentity) {
  identity_.Stop();
  std::thread later([&] { identity_.Start(); });
  EXPECT_TRUE(Await(*tokens_).ok());
  later.join();
}

TEST_F(ServiceAccountTokensTest, WhoWaitsIsToldWhenItGoesAndALateAnswerIsDropped) {
  identity_.Stop();
  absl::Status told;
  tokens_->Get([&](const absl::StatusOr<std::string>& token) { told = token.status(); });
  tokens_.reset();
  EXPECT_EQ(told.code(), absl::StatusCode::kCancelled);
  identity_.Start();
}

TEST_F(ServiceAccountTokensTest, DoesNotHammerAnIdentityThatRefuses) {
  identity_.SetServiceAccount(auth::Key::Generate().value());
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(Await(*tokens_).status().code(), absl::StatusCode::kUnauthenticated);
  }
  EXPECT_EQ(identity_.token_calls(), 1);
  identity_.SetServiceAccount(key_);
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(Await(*tokens_).ok());
}

TEST_F(ServiceAccountTokensTest, ReplacesARejectedTokenUnlessItIsFresh) {
  const std::string token = Await(*tokens_).value();
  tokens_->Rejected(token);
  EXPECT_EQ(Await(*tokens_).value(), token);
  clock_.Advance(absl::Seconds(6));
  tokens_->Rejected("another");
  EXPECT_EQ(Await(*tokens_).value(), token);
  tokens_->Rejected(token);
  EXPECT_EQ(Await(*tokens_).value(), "service-token-2");
}

TEST_F(ServiceAccountTokensTest, ReplacesATokenFromBeforeTheClockWasSetBack) {
  const std::string token = Await(*tokens_).value();
  clock_.Advance(-absl::Hours(1));
  tokens_->Rejected(token);
  EXPECT_EQ(Await(*tokens_).value(), "service-token-2");
}

TEST_F(ServiceAccountTokensTest, TriesAgainAfterTheClockWasSetBack) {
  identity_.SetServiceAccount(auth::Key::Generate().value());
  ASSERT_FALSE(Await(*tokens_).ok());
  identity_.SetServiceAccount(key_);
  clock_.Advance(-absl::Hours(1));
  EXPECT_TRUE(Await(*tokens_).ok());
}

TEST(RefreshedUserTokensTest, TradesTheRefreshTokenAndTellsTheNewPair) {
  testing::FakeClock clock(absl::Now());
  auth::FakeIdentity identity(clock);
  std::promise<UserTokens> stored;
  const auto tokens = RefreshedUserTokens(
      {"user-token-0", clock.Now() + absl::Minutes(10), "refresh-0"}, identity.Channel(), clock,
      {.save = [&](const UserTokens& pair) { stored.set_value(pair); }, .load = nullptr});
  EXPECT_EQ(Await(*tokens).value(), "user-token-0");
  EXPECT_EQ(identity.token_calls(), 0);
  clock.Advance(absl::Minutes(11));
  EXPECT_EQ(Await(*tokens).value(), "user-token-1");
  EXPECT_EQ(stored.get_future().get().refresh_token, "refresh-1");
}

TEST(RefreshedUserTokensTest, ReplacesARejectedTokenOfUnknownAgeAtOnce) {
  testing::FakeClock clock(absl::Now());
  auth::FakeIdentity identity(clock);
  const auto tokens =
      RefreshedUserTokens({"user-token-0", clock.Now() + absl::Minutes(10), "refresh-0"},
                          identity.Channel(), clock, {});
  tokens->Rejected("user-token-0");
  EXPECT_EQ(Await(*tokens).value(), "user-token-1");
  tokens->Rejected("user-token-1");
  EXPECT_EQ(Await(*tokens).value(), "user-token-1");
}

TEST(RefreshedUserTokensTest, TakesThePairThatAnotherProcessStored) {
  testing::FakeClock clock(absl::Now());
  auth::FakeIdentity identity(clock);
  UserTokens stored{"user-token-9", clock.Now() + absl::Minutes(10), "refresh-0"};
  const auto tokens =
      RefreshedUserTokens({"user-token-0", clock.Now(), "traded already"}, identity.Channel(),
                          clock, {.save = nullptr, .load = [&] { return stored; }});
  EXPECT_EQ(Await(*tokens).value(), "user-token-9");
  EXPECT_EQ(identity.token_calls(), 0);
  clock.Advance(absl::Minutes(11));
  EXPECT_EQ(Await(*tokens).value(), "user-token-1") << "of the refresh token that was stored";
}

TEST(RefreshedUserTokensTest, FailsOnceTheSessionEnded) {
  testing::FakeClock clock(absl::Now());
  auth::FakeIdentity identity(clock);
  const auto tokens =
      RefreshedUserTokens({"user-token-0", clock.Now(), "stolen"}, identity.Channel(), clock, {});
  EXPECT_EQ(Await(*tokens).status().code(), absl::StatusCode::kUnauthenticated);
}

TEST(FixedTokenTest, GivesTheToken) { EXPECT_EQ(Await(*FixedToken("t")).value(), "t"); }

TEST(ReadKeyFileTest, NamesTheFileItCannotUse) {
  EXPECT_EQ(ReadKeyFile("/nonexistent/key.jwk").status().code(), absl::StatusCode::kNotFound);
  const std::string path = ::testing::TempDir() + "sockel_bad_key.jwk";
  std::ofstream(path) << "{}";
  const absl::Status status = ReadKeyFile(path).status();
  EXPECT_NE(std::string(status.message()).find(path), std::string::npos);
}

TEST(ReadKeyFileTest, ReadsAPrivateKey) {
  const auth::Key key = auth::Key::Generate().value();
  const std::string path = ::testing::TempDir() + "sockel_good_key.jwk";
  std::ofstream(path) << key.ToPrivateJson().value();
  EXPECT_EQ(ReadKeyFile(path)->id(), key.id());
}

}  // namespace
}  // namespace sockel::client
