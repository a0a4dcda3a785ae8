#include "services/identity/sign_in/service_tokens.h"

#include <nlohmann/json.hpp>

#include "common/auth/assertion.h"
#include "common/clock/timestamp.h"
#include "services/identity/testing/identity_fixture.h"

namespace sockel::identity {
namespace {

constexpr char kName[] = "tenants/smi/serviceAccounts/app";

class ServiceTokensTest : public IdentityTest {
 protected:
  ServiceTokensTest() {
    EXPECT_TRUE(MakeServiceAccount(key_).ok());
    EXPECT_TRUE(Bind(Admin(), kName, "application").ok());
  }

  absl::StatusOr<v1::IssueServiceTokenResponse> Issue(const std::string& assertion) {
    v1::IssueServiceTokenRequest request;
    request.set_client_assertion(assertion);
    return service_tokens_.Issue(Anonymous(), request);
  }
  std::string Assertion() { return *auth::MakeAssertion(key_, kName, clock_.Now()); }
  nlohmann::json GoodClaims() {
    const int64_t now = absl::ToUnixSeconds(clock_.Now());
    return {{"iss", kName}, {"sub", kName}, {"aud", "sockel-identity"},
            {"jti", "one"}, {"iat", now},   {"exp", now + 60}};
  }
  std::string Signed(const nlohmann::json& claims) {
    return *auth::SignJwt(key_, auth::kAssertionType, claims);
  }

  const auth::Key key_ = *auth::Key::Generate();
};

TEST_F(ServiceTokensTest, GivesATokenWithTheAccountsRoles) {
  auto token = Issue(Assertion());
  ASSERT_TRUE(token.ok()) << token.status();
  auto principal = Verify(token->access_token());
  ASSERT_TRUE(principal.ok()) << principal.status();
  EXPECT_EQ((*principal)->subject, kName);
  EXPECT_EQ((*principal)->roles, std::vector<std::string>{"application"});
  EXPECT_EQ((*principal)->session, "");
}

TEST_F(ServiceTokensTest, RefusesAnAssertionSeenBefore) {
  const std::string assertion = Assertion();
  ASSERT_TRUE(Issue(assertion).ok());
  EXPECT_EQ(Reason(Issue(assertion).status()), "ASSERTION_REPLAYED");
  ASSERT_TRUE(Issue(Signed(GoodClaims())).ok());
  nlohmann::json same_id = GoodClaims();
  same_id["exp"] = absl::ToUnixSeconds(clock_.Now()) + 120;
  EXPECT_EQ(Reason(Issue(Signed(same_id)).status()), "ASSERTION_REPLAYED");
}

TEST_F(ServiceTokensTest, StillRefusesItAfterUpkeepUntilItHasExpired) {
  const std::string assertion = Assertion();
  ASSERT_TRUE(Issue(assertion).ok());
  clock_.Advance(absl::Seconds(140));  // expired, but within the allowed difference of clocks
  ASSERT_TRUE(upkeep_.DropExpired().ok());
  EXPECT_EQ(Reason(Issue(assertion).status()), "ASSERTION_REPLAYED");
  clock_.Advance(absl::Seconds(20));
  ASSERT_TRUE(upkeep_.DropExpired().ok());
  EXPECT_EQ(Reason(Issue(assertion).status()), "ASSERTION_INVALID");
}

TEST_F(ServiceTokensTest, StillRefusesItWhereTheClockIsBehindThatOfTheUpkeep) {
  const std::string assertion = Assertion();
  ASSERT_TRUE(Issue(assertion).ok());
  clock_.Advance(absl::Seconds(150));  // on another replica
  ASSERT_TRUE(upkeep_.DropExpired().ok());
  clock_.Advance(-absl::Seconds(30));
  EXPECT_EQ(Reason(Issue(assertion).status()), "ASSERTION_REPLAYED");
}

TEST_F(ServiceTokensTest, RefusesBadClaims) {
  const int64_t now = absl::ToUnixSeconds(clock_.Now());
  const std::vector<std::pair<const char*, nlohmann::json>> wrong = {
      {"aud", "sockel"},   {"aud", nullptr},   {"exp", now - 31},
      {"exp", now + 3600}, {"iat", now + 300}, {"jti", ""},
      {"jti", nullptr},    {"exp", nullptr},   {"sub", "tenants/smi/serviceAccounts/other"}};
  for (const auto& [claim, value] : wrong) {
    nlohmann::json claims = GoodClaims();
    claims[claim] = value;
    EXPECT_EQ(Reason(Issue(Signed(claims)).status()), "ASSERTION_INVALID")
        << claim << "=" << value.dump();
  }
}

TEST_F(ServiceTokensTest, RefusesStrangersKeysAndAccounts) {
  const auth::Key stranger = *auth::Key::Generate();
  EXPECT_EQ(Reason(Issue(*auth::MakeAssertion(stranger, kName, clock_.Now())).status()),
            "ASSERTION_INVALID");
  for (const char* name : {"tenants/smi/serviceAccounts/nobody", "tenants/*/serviceAccounts/app",
                           "tenants/smi/users/app", "app", ""}) {
    nlohmann::json claims = GoodClaims();
    claims["iss"] = claims["sub"] = name;
    EXPECT_EQ(Reason(Issue(Signed(claims)).status()), "ASSERTION_INVALID") << name;
  }
}

TEST_F(ServiceTokensTest, RefusesUnsignedAndMangledOnes) {
  const std::string good = Assertion();
  const std::string payload = good.substr(good.find('.'), good.rfind('.') - good.find('.'));
  const std::string none = ids::ToBase64Url(R"({"alg":"none"})") + payload + ".";
  const std::string hmac = ids::ToBase64Url(R"({"alg":"HS256"})") + payload + "." +
                           ids::ToBase64Url(std::string(32, 'x'));
  for (const std::string& assertion :
       {std::string("a.b.c"), none, hmac, good + "x", good.substr(1), std::string(9000, 'a')}) {
    EXPECT_EQ(Reason(Issue(assertion).status()), "ASSERTION_INVALID") << assertion.substr(0, 60);
  }
}

TEST_F(ServiceTokensTest, RefusesAnAccessTokenAsAssertion) {
  auto token = Issue(Assertion());
  EXPECT_EQ(Reason(Issue(token->access_token()).status()), "ASSERTION_INVALID");
}

TEST_F(ServiceTokensTest, RefusesExpiredKeys) {
  const auth::Key brief = *auth::Key::Generate();
  v1::AddServiceAccountKeyRequest request;
  request.set_name(kName);
  request.mutable_key()->set_public_key_jwk(brief.ToPublicJson());
  *request.mutable_key()->mutable_expire_time() = ToTimestamp(clock_.Now() + absl::Hours(1));
  ASSERT_TRUE(accounts_.AddKey(Admin(), request).ok());
  EXPECT_TRUE(Issue(*auth::MakeAssertion(brief, kName, clock_.Now())).ok());
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Reason(Issue(*auth::MakeAssertion(brief, kName, clock_.Now())).status()),
            "ASSERTION_INVALID");
}

TEST_F(ServiceTokensTest, RemovingTheKeyStopsAssertionsAndTokens) {
  auto token = Issue(Assertion());
  clock_.Advance(absl::Seconds(1));
  v1::RemoveServiceAccountKeyRequest request;
  request.set_name(kName);
  request.set_key_id(key_.id());
  ASSERT_TRUE(accounts_.RemoveKey(Admin(), request).ok());
  EXPECT_EQ(Reason(Verify(token->access_token()).status()), "TOKEN_REVOKED");
  EXPECT_EQ(Reason(Issue(Assertion()).status()), "ASSERTION_INVALID");
}

TEST_F(ServiceTokensTest, ASuspendedTenantGetsNone) {
  v1::SuspendTenantRequest request;
  request.set_name("tenants/smi");
  ASSERT_TRUE(tenants_.Suspend(OperatorIn("smi"), request).ok());
  EXPECT_EQ(Reason(Issue(Assertion()).status()), "TENANT_SUSPENDED");
}

}  // namespace
}  // namespace sockel::identity
