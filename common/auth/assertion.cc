#include "common/auth/assertion.h"

#include <openssl/rand.h>

#include <algorithm>
#include <cstdint>

#include "absl/strings/escaping.h"
#include "common/auth/access_token.h"

namespace sockel::auth {
namespace {

using nlohmann::json;

constexpr absl::Duration kLifetime = absl::Minutes(2);
constexpr size_t kMaxIdLength = 128;
constexpr size_t kMaxNameLength = 512;
constexpr int64_t kYear9999 = 253402300799;

absl::Status Invalid(const char* what) { return absl::InvalidArgumentError(what); }

std::string Text(const json& claims, const char* name) {
  const auto found = claims.find(name);
  return found != claims.end() && found->is_string() ? found->get<std::string>() : "";
}

// False when the claim is present but no sensible NumericDate.
bool ReadDate(const json& claims, const char* name, absl::Time& time) {
  const auto found = claims.find(name);
  if (found == claims.end()) return true;
  if (!found->is_number_integer()) return false;
  const auto seconds = found->get<int64_t>();
  if (seconds < 0 || seconds > kYear9999) return false;
  time = absl::FromUnixSeconds(seconds);
  return true;
}

// `aud`: the audience, alone or as the only element.
bool HasAudience(const json& claims) {
  const auto found = claims.find("aud");
  if (found == claims.end()) return false;
  const json& audience = found->is_array() && found->size() == 1 ? found->front() : *found;
  return audience.is_string() && audience.get<std::string>() == kAssertionAudience;
}

absl::Status CheckTimes(const json& claims, absl::Time now, absl::Time& expires) {
  expires = absl::InfinitePast();
  absl::Time issued = now;
  absl::Time valid_from = absl::InfinitePast();
  if (!ReadDate(claims, "exp", expires) || !ReadDate(claims, "iat", issued) ||
      !ReadDate(claims, "nbf", valid_from) || expires == absl::InfinitePast()) {
    return Invalid("the assertion needs exp, and iat and nbf only as whole seconds");
  }
  if (expires + kLeeway <= now) return Invalid("the assertion has expired");
  if (std::max(issued, valid_from) > now + kLeeway)
    return Invalid("the assertion is not valid yet");
  if (expires - now > kMaxAssertionLifetime + kLeeway || expires - issued > kMaxAssertionLifetime) {
    return Invalid("the assertion may live five minutes at most");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> MakeAssertion(const Key& key, std::string_view service_account,
                                          absl::Time now) {
  char random[16];
  if (RAND_bytes(reinterpret_cast<unsigned char*>(random), sizeof(random)) != 1) {
    return absl::InternalError("no random numbers");
  }
  const std::string name(service_account);
  return SignJwt(key, kAssertionType,
                 json{{"iss", name},
                      {"sub", name},
                      {"aud", std::string(kAssertionAudience)},
                      {"jti", absl::WebSafeBase64Escape(absl::string_view(random, sizeof(random)))},
                      {"iat", absl::ToUnixSeconds(now)},
                      {"exp", absl::ToUnixSeconds(now + kLifetime)}});
}

absl::StatusOr<AssertionIssuer> ReadAssertionIssuer(std::string_view assertion) {
  absl::StatusOr<UnverifiedJwt> jwt = ReadUnverified(assertion);
  if (!jwt.ok()) return jwt.status();
  if (!jwt->type.empty() && jwt->type != "jwt" && jwt->type != kAssertionType) {
    return Invalid("the token is of another type");
  }
  AssertionIssuer issuer{Text(jwt->claims, "iss"), jwt->key_id};
  if (issuer.service_account.empty() || issuer.service_account.size() > kMaxNameLength ||
      issuer.service_account != Text(jwt->claims, "sub")) {
    return Invalid("iss and sub must both be the service account's resource name");
  }
  if (issuer.key_id.size() > kMaxIdLength) return Invalid("the key id is too long");
  return issuer;
}

absl::StatusOr<Assertion> VerifyAssertion(std::string_view assertion, const Key& key,
                                          absl::Time now) {
  absl::StatusOr<AssertionIssuer> issuer = ReadAssertionIssuer(assertion);
  if (!issuer.ok()) return issuer.status();
  absl::StatusOr<json> claims = VerifySignature(assertion, key);
  if (!claims.ok()) return claims.status();
  if (!HasAudience(*claims)) return Invalid("the assertion is for another audience");
  Assertion out{issuer->service_account, Text(*claims, "jti"), {}};
  if (absl::Status status = CheckTimes(*claims, now, out.expire_time); !status.ok()) return status;
  if (out.id.empty() || out.id.size() > kMaxIdLength) {
    return Invalid("the assertion needs a jti of at most 128 characters");
  }
  return out;
}

}  // namespace sockel::auth
