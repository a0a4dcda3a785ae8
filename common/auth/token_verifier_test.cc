#include "common/auth/token_verifier.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/auth/assertion.h"
#include "common/auth/token_cache.h"
#include "common/error/error.h"
#include "common/testing/fake_clock.h"

namespace sockel::auth {
namespace {

// Knows more keys after each Refresh().
class RefreshingSource final : public KeySource {
 public:
  std::optional<Key> Find(std::string_view key_id) const override { return known_.Find(key_id); }
  bool Ready() const override { return known_.Ready(); }
  uint64_t Generation() const override { return known_.Generation(); }
  bool Refresh() override {
    ++refreshes;
    known_.Set(after_refresh);
    return true;
  }

  std::vector<Key> after_refresh;
  int refreshes = 0;

 private:
  LocalKeySource known_;
};

class TokenVerifierTest : public ::testing::Test {
 protected:
  std::string Token(absl::Duration life = absl::Minutes(10)) { return Token(key_, life); }
  std::string Token(const Key& key, absl::Duration life = absl::Minutes(10),
                    const TokenAuthority& authority = TokenAuthority()) {
    Claims claims;
    claims.principal = {
        "tenants/smi/users/u1", "smi", {"reader"}, "tenants/smi/users/u1/sessions/1", "",
        clock_.Now() + life};
    claims.token_id = absl::StrCat("token", ++tokens_);
    claims.principal.issue_time = claims.authentication_time = clock_.Now();
    return SignAccessToken(key, authority, claims).value();
  }
  std::string Refusal(const std::string& token) {
    const auto result = verifier_.Authenticate(token);
    if (result.ok()) return "";
    EXPECT_EQ(result.status().code(), absl::StatusCode::kUnauthenticated);
    return error::ReasonOf(result.status());
  }

  testing::FakeClock clock_;
  const Key key_ = Key::Generate().value();
  LocalKeySource keys_{{key_}};
  RevocationList revocations_;
  TokenVerifier verifier_{TokenVerifier::Options(), keys_, revocations_, clock_};
  int tokens_ = 0;
};

TEST_F(TokenVerifierTest, TellsWhoATokenSpeaksFor) {
  const auto principal = verifier_.Authenticate(Token()).value();
  EXPECT_EQ(principal->subject, "tenants/smi/users/u1");
  EXPECT_EQ(principal->tenant, "smi");
  EXPECT_EQ(principal->roles, std::vector<std::string>{"reader"});
}

TEST_F(TokenVerifierTest, KnowsOnlyWhatItVerifiedBefore) {
  const std::string token = Token();
  EXPECT_EQ(verifier_.Known(token), nullptr);
  ASSERT_TRUE(verifier_.Authenticate(token).ok());
  ASSERT_NE(verifier_.Known(token), nullptr);
  EXPECT_EQ(verifier_.Known(token)->subject, "tenants/smi/users/u1");
}

TEST_F(TokenVerifierTest, RefusesACachedTokenOnceItsSessionIsRevoked) {
  const std::string token = Token();
  ASSERT_TRUE(verifier_.Authenticate(token).ok());
  revocations_.Add({"tenants/smi/users/u1/sessions/1", clock_.Now(), absl::InfiniteFuture()});
  EXPECT_EQ(verifier_.Known(token), nullptr);
  EXPECT_EQ(Refusal(token), "TOKEN_REVOKED");
}

TEST_F(TokenVerifierTest, RefusesANeverSeenTokenOfARevokedTenant) {
  const std::string token = Token();
  revocations_.Add({"tenants/smi", clock_.Now(), absl::InfiniteFuture()});
  EXPECT_EQ(Refusal(token), "TOKEN_REVOKED");
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(Refusal(Token()), "");
}

TEST_F(TokenVerifierTest, RefusesACachedTokenOnceItExpired) {
  const std::string token = Token(absl::Minutes(1));
  ASSERT_TRUE(verifier_.Authenticate(token).ok());
  clock_.Advance(absl::Minutes(1) + kLeeway);
  EXPECT_EQ(verifier_.Known(token), nullptr);
  EXPECT_EQ(Refusal(token), "TOKEN_EXPIRED");
  EXPECT_EQ(Refusal(token), "TOKEN_EXPIRED");
}

TEST_F(TokenVerifierTest, RefusesACachedTokenOnceItsKeyWasWithdrawn) {
  const std::string token = Token();
  ASSERT_TRUE(verifier_.Authenticate(token).ok());
  keys_.Set({Key::Generate().value()});
  EXPECT_EQ(verifier_.Known(token), nullptr);
  EXPECT_EQ(Refusal(token), "TOKEN_INVALID");
}

TEST_F(TokenVerifierTest, KeepsCachedTokensWhenAKeyIsAdded) {
  const std::string token = Token();
  ASSERT_TRUE(verifier_.Authenticate(token).ok());
  keys_.Set({key_, Key::Generate().value()});
  EXPECT_NE(verifier_.Known(token), nullptr);
}

TEST_F(TokenVerifierTest, RefusesUnknownKeysAndForeignIssuers) {
  EXPECT_EQ(Refusal(Token(Key::Generate().value())), "TOKEN_INVALID");
  EXPECT_EQ(Refusal(Token(key_, absl::Minutes(1), {"elsewhere", "sockel"})), "TOKEN_INVALID");
  EXPECT_EQ(Refusal(Token(key_, absl::Minutes(1), {"sockel-identity", "other"})), "TOKEN_INVALID");
}

TEST_F(TokenVerifierTest, RefusesOtherKindsOfTokens) {
  EXPECT_EQ(Refusal(MakeAssertion(key_, "tenants/smi/serviceAccounts/a", clock_.Now()).value()),
            "TOKEN_INVALID");
  const nlohmann::json claims = VerifySignature(Token(), key_).value();
  EXPECT_EQ(Refusal(SignJwt(key_, "JWT", claims).value()), "TOKEN_INVALID");
  EXPECT_EQ(Refusal(SignJwt(key_, "at+jwt", claims).value()), "");
}

TEST_F(TokenVerifierTest, RefusesNonsense) {
  for (const std::string& token : {std::string(), std::string("a.b.c"), std::string(9000, 'a'),
                                   Token() + "x", "Bearer " + Token()}) {
    EXPECT_EQ(Refusal(token), "TOKEN_INVALID");
    EXPECT_EQ(verifier_.Known(token), nullptr);
  }
}

TEST_F(TokenVerifierTest, FetchesKeysAgainForANewKeyId) {
  RefreshingSource source;
  source.after_refresh = {key_};
  const TokenVerifier verifier({}, source, revocations_, clock_);
  EXPECT_TRUE(verifier.Authenticate(Token()).ok());
  EXPECT_EQ(source.refreshes, 1);
  EXPECT_TRUE(verifier.Authenticate(Token()).ok());
  EXPECT_EQ(source.refreshes, 1);
}

TEST_F(TokenVerifierTest, IsUnavailableWhileNoKeyIsKnown) {
  LocalKeySource none;
  const TokenVerifier verifier({}, none, revocations_, clock_);
  const auto result = verifier.Authenticate(Token());
  EXPECT_EQ(result.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(error::ReasonOf(result.status()), "DEPENDENCY_UNAVAILABLE");
}

TEST_F(TokenVerifierTest, AnswersManyThreadsWhileTokensAreRevoked) {
  const std::string token = Token();
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (verifier_.Authenticate(token).ok()) {
      }
      ++refused;
    });
  }
  revocations_.Add({"tenants/smi/users/u1", clock_.Now(), absl::InfiniteFuture()});
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(refused, 4);
}

TEST(TokenCacheTest, StaysWithinItsBound) {
  TokenCache cache(160);
  for (int i = 0; i < 10'000; ++i) {
    cache.Insert(DigestOf(absl::StrCat(i)), 0, std::make_shared<Claims>());
  }
  EXPECT_LE(cache.size(), 160u);
  EXPECT_NE(cache.Find(DigestOf("9999"), 0), nullptr);
  EXPECT_EQ(cache.Find(DigestOf("0"), 0), nullptr);
}

TEST(TokenCacheTest, StaysWithinItsBoundWhenTokensComeAndGo) {
  TokenCache cache(16);
  for (int i = 0; i < 1'000; ++i) {
    const TokenDigest digest = DigestOf(absl::StrCat(i % 100));
    cache.Insert(digest, 0, std::make_shared<Claims>());
    cache.Erase(digest);
    cache.Insert(digest, 0, std::make_shared<Claims>());
  }
  EXPECT_LE(cache.size(), 16u);
}

}  // namespace
}  // namespace sockel::auth
