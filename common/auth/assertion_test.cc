#include "common/auth/assertion.h"

#include <gtest/gtest.h>

#include "common/auth/access_token.h"

namespace sockel::auth {
namespace {

using nlohmann::json;

const absl::Time kNow = absl::FromUnixSeconds(1'767'600'000);
constexpr char kAccount[] = "tenants/smi/serviceAccounts/vis";

class AssertionTest : public ::testing::Test {
 protected:
  json Good() const {
    return {{"iss", kAccount}, {"sub", kAccount},      {"aud", "sockel-identity"},
            {"jti", "j1"},     {"iat", 1'767'600'000}, {"exp", 1'767'600'300}};
  }
  bool Accepts(const json& claims, std::string_view type = kAssertionType) const {
    return VerifyAssertion(SignJwt(key_, type, claims).value(), key_, kNow).ok();
  }
  // Accepts the good claims, but not with `name` = `value`.
  bool Refuses(const char* name, const json& value) const {
    json claims = Good();
    claims[name] = value;
    return Accepts(Good()) && !Accepts(claims);
  }

  const Key key_ = Key::Generate().value();
};

TEST_F(AssertionTest, ProvesTheServiceAccount) {
  const std::string token = MakeAssertion(key_, kAccount, kNow).value();
  const AssertionIssuer issuer = ReadAssertionIssuer(token).value();
  EXPECT_EQ(issuer.service_account, kAccount);
  EXPECT_EQ(issuer.key_id, key_.id());
  const Assertion assertion = VerifyAssertion(token, key_, kNow).value();
  EXPECT_EQ(assertion.service_account, kAccount);
  EXPECT_FALSE(assertion.id.empty());
  EXPECT_GT(assertion.expire_time, kNow);
}

TEST_F(AssertionTest, IsNeverTheSameTwice) {
  const auto id = [&] {
    return VerifyAssertion(MakeAssertion(key_, kAccount, kNow).value(), key_, kNow)->id;
  };
  EXPECT_NE(id(), id());
}

TEST_F(AssertionTest, AcceptsWhatOtherClientsWrite) {
  EXPECT_TRUE(Accepts(Good(), "JWT"));
  json claims = Good();
  claims["aud"] = {"sockel-identity"};
  claims.erase("iat");
  EXPECT_TRUE(Accepts(claims));
}

TEST_F(AssertionTest, RefusesAnAccessTokenInItsPlace) { EXPECT_FALSE(Accepts(Good(), "at+jwt")); }

TEST_F(AssertionTest, RefusesAnotherKey) {
  const std::string token = MakeAssertion(key_, kAccount, kNow).value();
  EXPECT_FALSE(VerifyAssertion(token, Key::Generate().value(), kNow).ok());
}

TEST_F(AssertionTest, RefusesWrongParties) {
  EXPECT_TRUE(Refuses("sub", "tenants/smi/serviceAccounts/other"));
  EXPECT_TRUE(Refuses("iss", ""));
  EXPECT_TRUE(Refuses("iss", 1));
  EXPECT_TRUE(Refuses("aud", "sockel"));
  EXPECT_TRUE(Refuses("aud", nullptr));
  EXPECT_TRUE(Refuses("aud", json({"sockel-identity", "elsewhere"})));
}

TEST_F(AssertionTest, RefusesLongLivesAndMissingEnds) {
  EXPECT_TRUE(Refuses("exp", 1'767'600'331));
  EXPECT_TRUE(Refuses("exp", nullptr));
  EXPECT_TRUE(Refuses("exp", "1767600300"));
  EXPECT_TRUE(Refuses("exp", 1.5));
  EXPECT_TRUE(Refuses("exp", -5));
  json old = Good();
  old["iat"] = 1'767'500'000;
  EXPECT_FALSE(Accepts(old));
}

TEST_F(AssertionTest, RefusesExpiredOnesAfterTheLeeway) {
  const std::string token = SignJwt(key_, kAssertionType, Good()).value();
  const absl::Time end = kNow + absl::Minutes(5);
  EXPECT_TRUE(VerifyAssertion(token, key_, end + kLeeway - absl::Milliseconds(1)).ok());
  EXPECT_FALSE(VerifyAssertion(token, key_, end + kLeeway).ok());
}

TEST_F(AssertionTest, RefusesOnesFromTheFuture) {
  EXPECT_TRUE(Refuses("iat", 1'767'600'031));
  EXPECT_TRUE(Refuses("nbf", 1'767'600'031));
}

TEST_F(AssertionTest, RefusesMissingAndOverlongIds) {
  EXPECT_TRUE(Refuses("jti", ""));
  EXPECT_TRUE(Refuses("jti", 7));
  EXPECT_TRUE(Refuses("jti", std::string(129, 'j')));
}

}  // namespace
}  // namespace sockel::auth
