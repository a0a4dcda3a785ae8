#include "common/auth/access_token.h"

#include <gtest/gtest.h>

#include "common/error/error.h"

namespace sockel::auth {
namespace {

using nlohmann::json;

const absl::Time kNow = absl::FromUnixSeconds(1'767'600'000);

json GoodClaims() {
  return {{"iss", "sockel-identity"},
          {"aud", "sockel"},
          {"sub", "tenants/smi/users/u1"},
          {"tenant", "smi"},
          {"roles", {"reader"}},
          {"sid", "tenants/smi/users/u1/sessions/s"},
          {"jti", "j"},
          {"amr", {"pwd"}},
          {"auth_time", 1'767'599'990},
          {"iat", 1'767'600'000},
          {"exp", 1'767'600'600}};
}

absl::StatusOr<Claims> Read(const json& claims, absl::Time now = kNow) {
  return ReadAccessClaims(claims, TokenAuthority(), now);
}

std::string ReasonFor(const json& claims, absl::Time now = kNow) {
  const absl::StatusOr<Claims> read = Read(claims, now);
  return read.ok() ? "" : error::ReasonOf(read.status());
}

TEST(AccessTokenTest, SaysWhatWasSigned) {
  const Key key = Key::Generate().value();
  Claims claims;
  claims.principal = {
      "tenants/smi/users/u1",  "smi", {"reader", "auditor"}, "tenants/smi/users/u1/sessions/s", "",
      kNow + absl::Minutes(10)};
  claims.token_id = "j1";
  claims.authentication_methods = {"pwd", "otp"};
  claims.authentication_time = kNow - absl::Seconds(5);
  claims.principal.issue_time = kNow + absl::Milliseconds(250);
  const std::string token = SignAccessToken(key, TokenAuthority(), claims).value();
  const Claims read = Read(VerifySignature(token, key).value()).value();
  EXPECT_EQ(read.principal.subject, claims.principal.subject);
  EXPECT_EQ(read.principal.tenant, "smi");
  EXPECT_EQ(read.principal.roles, claims.principal.roles);
  EXPECT_EQ(read.principal.session, claims.principal.session);
  EXPECT_EQ(read.principal.on_behalf_of, "");
  EXPECT_EQ(read.principal.expire, claims.principal.expire);
  EXPECT_EQ(read.token_id, "j1");
  EXPECT_EQ(read.authentication_methods, claims.authentication_methods);
  EXPECT_EQ(read.authentication_time, claims.authentication_time);
  EXPECT_EQ(read.principal.issue_time, claims.principal.issue_time);
}

TEST(AccessTokenTest, TellsTheApplicationFromTheUserItActsFor) {
  const Key key = Key::Generate().value();
  Claims claims;
  claims.principal = {"tenants/smi/serviceAccounts/vis",
                      "smi",
                      {},
                      "",
                      "tenants/smi/users/u1",
                      kNow + absl::Minutes(1)};
  claims.principal.issue_time = claims.authentication_time = kNow;
  const json signed_claims =
      VerifySignature(SignAccessToken(key, TokenAuthority(), claims).value(), key).value();
  EXPECT_EQ(signed_claims["sub"], "tenants/smi/users/u1");
  EXPECT_EQ(signed_claims["act"]["sub"], "tenants/smi/serviceAccounts/vis");
  const Claims read = Read(signed_claims).value();
  EXPECT_EQ(read.principal.subject, "tenants/smi/serviceAccounts/vis");
  EXPECT_EQ(read.principal.on_behalf_of, "tenants/smi/users/u1");
}

TEST(AccessTokenTest, AcceptsAnAudienceAmongSeveral) {
  json claims = GoodClaims();
  claims["aud"] = {"other", "sockel"};
  EXPECT_TRUE(Read(claims).ok());
}

TEST(AccessTokenTest, RefusesClaimsThatAreMissingOrOfTheWrongKind) {
  for (const char* name : {"iss", "aud", "sub", "tenant", "iat", "exp"}) {
    json claims = GoodClaims();
    claims.erase(name);
    EXPECT_EQ(ReasonFor(claims), "TOKEN_INVALID") << name;
    for (const json& odd : {json(nullptr), json(1.5), json(true), json::array(), json::object(),
                            json(""), json(-1)}) {
      claims[name] = odd;
      EXPECT_EQ(ReasonFor(claims), "TOKEN_INVALID") << name << odd;
    }
  }
}

TEST(AccessTokenTest, RefusesAnotherIssuerOrAudience) {
  json claims = GoodClaims();
  claims["iss"] = "https://elsewhere";
  EXPECT_EQ(ReasonFor(claims), "TOKEN_INVALID");
  claims = GoodClaims();
  claims["aud"] = "sockel-identity";
  EXPECT_EQ(ReasonFor(claims), "TOKEN_INVALID");
}

TEST(AccessTokenTest, RefusesASubjectOfAnotherTenant) {
  for (const char* subject : {"tenants/smx/users/u1", "tenants/smi", "tenants/smi/", "smi", "x"}) {
    json claims = GoodClaims();
    claims["sub"] = subject;
    EXPECT_EQ(ReasonFor(claims), "TOKEN_INVALID") << subject;
  }
}

TEST(AccessTokenTest, RefusesExpiredTokensAfterTheLeeway) {
  const absl::Time end = absl::FromUnixSeconds(1'767'600'600);
  EXPECT_EQ(ReasonFor(GoodClaims(), end + kLeeway - absl::Milliseconds(1)), "");
  EXPECT_EQ(ReasonFor(GoodClaims(), end + kLeeway), "TOKEN_EXPIRED");
}

TEST(AccessTokenTest, RefusesTokensFromTheFuture) {
  EXPECT_EQ(ReasonFor(GoodClaims(), kNow - kLeeway), "");
  EXPECT_EQ(ReasonFor(GoodClaims(), kNow - kLeeway - absl::Seconds(1)), "TOKEN_INVALID");
  json claims = GoodClaims();
  claims["nbf"] = 1'767'600'100;
  EXPECT_EQ(ReasonFor(claims), "TOKEN_INVALID");
  claims["nbf"] = "soon";
  EXPECT_EQ(ReasonFor(claims), "TOKEN_INVALID");
}

TEST(AccessTokenTest, BelievesTheFineIssueTimeOnlyWithinTheSameSecond) {
  json claims = GoodClaims();
  claims["iat_us"] = 1'767'600'000'999'999;
  EXPECT_EQ(Read(claims)->principal.issue_time, absl::FromUnixMicros(1'767'600'000'999'999));
  claims["iat_us"] = 1'767'600'005'000'000;
  EXPECT_EQ(Read(claims)->principal.issue_time, kNow);
}

TEST(AccessTokenTest, TakesHugeNumbersForNoDate) {
  json claims = GoodClaims();
  claims["exp"] = 9'223'372'036'854'775'807;
  EXPECT_EQ(ReasonFor(claims), "TOKEN_INVALID");
  claims["exp"] = 18'446'744'073'709'551'615ULL;
  EXPECT_EQ(ReasonFor(claims), "TOKEN_INVALID");
}

}  // namespace
}  // namespace sockel::auth
