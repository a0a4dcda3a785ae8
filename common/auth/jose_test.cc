#include "common/auth/jose.h"

#include <cjose/cjose.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/auth/jwks.h"

namespace sockel::auth {
namespace {

using nlohmann::json;

std::string Encode(const std::string& text) { return absl::WebSafeBase64Escape(text); }

std::string Decode(const std::string& text) {
  std::string out;
  absl::WebSafeBase64Unescape(text, &out);
  return out;
}

std::vector<std::string> PartsOf(const std::string& compact) {
  return absl::StrSplit(compact, '.');
}

std::string Signed(const Key& key, const json& claims = {{"sub", "a"}}) {
  return SignJwt(key, kAccessTokenType, claims).value();
}

// The token with another header; the signature no longer fits.
std::string WithHeader(const std::string& compact, const std::string& header) {
  const auto parts = PartsOf(compact);
  return absl::StrCat(Encode(header), ".", parts[1], ".", parts[2]);
}

// A token that `key` really signed, under a header of our choice.
std::string SignedWithHeader(const Key& key, const json& header) {
  cjose_err error;
  cjose_header_t* cjose_header = cjose_header_new(&error);
  for (const auto& [name, value] : header.items()) {
    if (value.is_string()) {
      cjose_header_set(cjose_header, name.c_str(), value.get<std::string>().c_str(), &error);
    } else {
      cjose_header_set_raw(cjose_header, name.c_str(), value.dump().c_str(), &error);
    }
  }
  const std::string payload = R"({"sub":"a"})";
  cjose_jws_t* jws =
      cjose_jws_sign(key.handle(), cjose_header, reinterpret_cast<const uint8_t*>(payload.data()),
                     payload.size(), &error);
  const char* compact = nullptr;
  cjose_jws_export(jws, &compact, &error);
  std::string out(compact);
  cjose_jws_release(jws);
  cjose_header_release(cjose_header);
  return out;
}

class JoseTest : public ::testing::Test {
 protected:
  const Key key_ = Key::Generate().value();
};

TEST_F(JoseTest, GivesBackTheClaimsItSigned) {
  const json claims = {{"sub", "tenants/smi/users/1"}, {"n", 3}, {"name", "Grüße"}};
  EXPECT_EQ(VerifySignature(Signed(key_, claims), key_).value(), claims);
}

TEST_F(JoseTest, TellsKeyAndTypeBeforeVerification) {
  const UnverifiedJwt jwt = ReadUnverified(Signed(key_)).value();
  EXPECT_EQ(jwt.key_id, key_.id());
  EXPECT_EQ(jwt.type, kAccessTokenType);
  EXPECT_EQ(jwt.claims["sub"], "a");
}

TEST_F(JoseTest, ReadsTypesWithTheirMediaTypePrefix) {
  const std::string token =
      WithHeader(Signed(key_), R"({"alg":"ES256","typ":"application/AT+JWT"})");
  EXPECT_EQ(ReadUnverified(token)->type, kAccessTokenType);
}

TEST_F(JoseTest, RefusesAnotherKey) {
  const Key other = Key::Generate().value();
  EXPECT_FALSE(VerifySignature(Signed(key_), other).ok());
}

TEST_F(JoseTest, RefusesEveryTamperedPart) {
  const auto parts = PartsOf(Signed(key_));
  const std::string payload = Encode(R"({"sub":"b"})");
  EXPECT_FALSE(VerifySignature(absl::StrCat(parts[0], ".", payload, ".", parts[2]), key_).ok());
  std::string signature = Decode(parts[2]);
  for (size_t i = 0; i < signature.size(); i += 7) {
    std::string broken = signature;
    broken[i] = static_cast<char>(broken[i] ^ 1);
    EXPECT_FALSE(
        VerifySignature(absl::StrCat(parts[0], ".", parts[1], ".", Encode(broken)), key_).ok());
  }
}

TEST_F(JoseTest, RefusesSignaturesOfZerosAndWrongLengths) {
  const auto parts = PartsOf(Signed(key_));
  for (const std::string& signature :
       {std::string(64, '\0'), std::string(63, 'a'), std::string(65, 'a'), std::string(1, 'a')}) {
    const std::string token = absl::StrCat(parts[0], ".", parts[1], ".", Encode(signature));
    EXPECT_FALSE(VerifySignature(token, key_).ok()) << signature.size();
  }
}

TEST_F(JoseTest, RefusesOtherSpellingsOfTheSameSignature) {
  std::string token = Signed(key_);
  EXPECT_FALSE(VerifySignature(token + "A", key_).ok());
  token.back() = static_cast<char>(token.back() + 1);
  EXPECT_FALSE(VerifySignature(token, key_).ok());
}

TEST_F(JoseTest, RefusesTheAlgorithmNone) {
  const auto parts = PartsOf(Signed(key_));
  for (const char* alg : {"none", "None", "NONE", "nOnE", ""}) {
    const std::string header = Encode(json{{"alg", alg}, {"typ", "at+jwt"}}.dump());
    for (const std::string& signature : {std::string(), parts[2]}) {
      const std::string token = absl::StrCat(header, ".", parts[1], ".", signature);
      EXPECT_FALSE(ReadUnverified(token).ok()) << alg;
      EXPECT_FALSE(VerifySignature(token, key_).ok()) << alg;
    }
  }
}

// The classic confusion: HMAC with the public key as the shared secret.
TEST_F(JoseTest, RefusesAnHmacKeyedWithThePublicKey) {
  const std::string secret = key_.ToPublicJson();
  const std::string input = absl::StrCat(Encode(json{{"alg", "HS256"}, {"kid", key_.id()}}.dump()),
                                         ".", Encode(R"({"sub":"root"})"));
  unsigned char mac[32];
  unsigned int size = sizeof(mac);
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(input.data()), input.size(), mac, &size);
  const std::string token =
      absl::StrCat(input, ".", Encode(std::string(reinterpret_cast<char*>(mac), size)));
  EXPECT_FALSE(ReadUnverified(token).ok());
  EXPECT_FALSE(VerifySignature(token, key_).ok());
}

TEST_F(JoseTest, RefusesOtherAlgorithmsAndOddAlgorithmMembers) {
  for (const char* header :
       {R"({"alg":"ES384"})", R"({"alg":"ES512"})", R"({"alg":"RS256"})", R"({"alg":"PS256"})",
        R"({"alg":"es256"})", R"({"alg":["ES256"]})", R"({"alg":1})", R"({"alg":null})", R"({})"}) {
    EXPECT_FALSE(ReadUnverified(WithHeader(Signed(key_), header)).ok()) << header;
  }
}

TEST_F(JoseTest, RefusesCriticalHeaders) {
  ASSERT_TRUE(VerifySignature(SignedWithHeader(key_, {{"alg", "ES256"}}), key_).ok());
  for (const json& crit : {json::array({"b64"}), json::array(), json("b64"), json::object()}) {
    const std::string token = SignedWithHeader(key_, {{"alg", "ES256"}, {"crit", crit}});
    EXPECT_FALSE(VerifySignature(token, key_).ok()) << crit;
  }
}

TEST_F(JoseTest, IgnoresAKeyThatTheTokenBringsAlong) {
  const Key attacker = Key::Generate().value();
  const std::string token = SignedWithHeader(
      attacker,
      {{"alg", "ES256"}, {"kid", key_.id()}, {"jwk", json::parse(attacker.ToPublicJson())}});
  EXPECT_FALSE(VerifySignature(token, key_).ok());
}

TEST_F(JoseTest, RefusesWhatIsNoCompactJws) {
  const std::string good = Signed(key_);
  const auto parts = PartsOf(good);
  for (const std::string& token :
       {std::string(), std::string("."), std::string(".."), std::string("a.b"),
        absl::StrCat(good, ".x"), absl::StrCat(good, "="), absl::StrCat(" ", good),
        absl::StrCat(good, "\n"), absl::StrCat(parts[0], "..", parts[2]), absl::StrCat("!", good),
        absl::StrCat(Encode("[]"), ".", parts[1], ".", parts[2]), std::string("\0.\0.\0", 5)}) {
    EXPECT_FALSE(ReadUnverified(token).ok()) << token;
    EXPECT_FALSE(VerifySignature(token, key_).ok()) << token;
  }
}

TEST_F(JoseTest, RefusesClaimsThatAreNoObject) {
  const auto parts = PartsOf(Signed(key_));
  for (const char* payload : {"[]", "1", "null", "{", "\"x\"", "{\"a\":\xff}"}) {
    const std::string token = absl::StrCat(parts[0], ".", Encode(payload), ".", parts[2]);
    EXPECT_FALSE(ReadUnverified(token).ok()) << payload;
  }
}

TEST_F(JoseTest, RefusesTokensLongerThanTheLimitAndTakesThoseBelow) {
  EXPECT_TRUE(VerifySignature(Signed(key_, {{"x", std::string(5000, 'a')}}), key_).ok());
  const std::string token = Signed(key_, {{"x", std::string(8000, 'a')}});
  ASSERT_GT(token.size(), kMaxTokenBytes);
  EXPECT_FALSE(ReadUnverified(token).ok());
  EXPECT_FALSE(VerifySignature(token, key_).ok());
}

TEST_F(JoseTest, SurvivesDeeplyNestedClaims) {
  const auto parts = PartsOf(Signed(key_));
  const std::string token =
      absl::StrCat(parts[0], ".", Encode(std::string(5000, '[')), ".", parts[2]);
  EXPECT_FALSE(ReadUnverified(token).ok());
}

TEST(KeyTest, NamesAKeyByItsThumbprint) {
  // The key of RFC 7517, appendix A.1; its thumbprint computed independently.
  const Key key = Key::FromPublicJson(
                      R"({"kty":"EC","crv":"P-256","kid":"ignored",
      "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
      "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"})")
                      .value();
  EXPECT_EQ(key.id(), "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s");
}

TEST(KeyTest, ComesBackFromItsPrivateJson) {
  const Key key = Key::Generate().value();
  const Key again = Key::FromPrivateJson(key.ToPrivateJson().value()).value();
  EXPECT_EQ(again.id(), key.id());
  EXPECT_TRUE(VerifySignature(SignJwt(again, "x", json::object()).value(), key).ok());
}

// x and y keep their leading zeros: a shorter encoding would change the
// thumbprint (RFC 7518, 6.2.1.2).
TEST(KeyTest, WritesCoordinatesInFullLength) {
  for (int i = 0; i < 600; ++i) {
    const json jwk = json::parse(Key::Generate()->ToPublicJson());
    ASSERT_EQ(jwk["x"].get<std::string>().size(), 43u);
    ASSERT_EQ(jwk["y"].get<std::string>().size(), 43u);
  }
}

TEST(KeyTest, WritesNothingPrivateIntoThePublicJson) {
  const json jwk = json::parse(Key::Generate()->ToPublicJson());
  EXPECT_FALSE(jwk.contains("d"));
  EXPECT_EQ(jwk["alg"], "ES256");
  EXPECT_EQ(jwk["use"], "sig");
}

TEST(KeyTest, CannotSignWithoutItsPrivateHalf) {
  const Key key = Key::FromPublicJson(Key::Generate()->ToPublicJson()).value();
  EXPECT_FALSE(SignJwt(key, "x", json::object()).ok());
  EXPECT_FALSE(key.ToPrivateJson().ok());
}

TEST(KeyTest, RefusesAPrivateKeyWhereAPublicOneIsWanted) {
  EXPECT_FALSE(Key::FromPublicJson(Key::Generate()->ToPrivateJson().value()).ok());
}

TEST(KeyTest, RefusesAPrivateKeyThatBelongsToAnotherPublicOne) {
  json jwk = json::parse(Key::Generate()->ToPrivateJson().value());
  jwk["d"] = json::parse(Key::Generate()->ToPrivateJson().value())["d"];
  EXPECT_FALSE(Key::FromPrivateJson(jwk.dump()).ok());
}

TEST(KeyTest, RefusesPointsOffTheCurveAndOtherKeys) {
  json off = json::parse(Key::Generate()->ToPublicJson());
  off["y"] = json::parse(Key::Generate()->ToPublicJson())["y"];
  for (const std::string& jwk :
       {off.dump(), std::string("{}"), std::string("nonsense"), std::string("[]"),
        std::string(R"({"kty":"oct","k":"AAAA"})"), std::string(R"({"kty":"EC","crv":"P-256"})"),
        std::string(R"({"kty":"EC","crv":"P-256","x":"","y":""})"),
        std::string(R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})"),
        std::string(R"({"kty":"EC","crv":"P-256","x":1,"y":2})"),
        std::string(R"({"kty":"EC","crv":"P-384","x":"AA","y":"AA"})"), std::string(5000, ' ')}) {
    EXPECT_FALSE(Key::FromPublicJson(jwk).ok()) << jwk;
  }
}

TEST(JwksTest, ReadsTheKeysItWroteAndSkipsOtherKinds) {
  const Key a = Key::Generate().value();
  const Key b = Key::Generate().value();
  json set = json::parse(ToJwks({a, b}));
  set["keys"].push_back({{"kty", "RSA"}, {"n", "AA"}, {"e", "AQAB"}});
  const std::vector<Key> keys = ParseJwks(set.dump()).value();
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0].id(), a.id());
  EXPECT_EQ(keys[1].id(), b.id());
}

TEST(JwksTest, RefusesASetWithoutUsableKeys) {
  for (const char* set :
       {"", "{}", "[]", R"({"keys":[]})", R"({"keys":[1,null]})", R"({"keys":1})"}) {
    EXPECT_FALSE(ParseJwks(set).ok()) << set;
  }
}

}  // namespace
}  // namespace sockel::auth
