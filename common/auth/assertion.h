#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/auth/jose.h"

// private_key_jwt (RFC 7523, section 3): how a service account proves itself.
namespace sockel::auth {

inline constexpr std::string_view kAssertionAudience = "sockel-identity";
// Longest time between `iat` (or now) and `exp`.
inline constexpr absl::Duration kMaxAssertionLifetime = absl::Minutes(5);

// A fresh assertion of the service account: iss = sub = its resource name, a
// random jti, valid for two minutes from `now`. Never use one twice.
absl::StatusOr<std::string> MakeAssertion(const Key& key, std::string_view service_account,
                                          absl::Time now);

// Who an assertion claims to be from; nothing is verified yet.
struct AssertionIssuer {
  std::string service_account;  // resource name
  std::string key_id;           // thumbprint; empty: try each key of the account
};
// INVALID_ARGUMENT: not an assertion.
absl::StatusOr<AssertionIssuer> ReadAssertionIssuer(std::string_view assertion);

// A verified assertion. The caller must still refuse a `id` seen before for
// this service account, and remember it until `expire_time` plus kLeeway by
// every clock that may be asked: plus twice kLeeway by one of them.
struct Assertion {
  std::string service_account;
  std::string id;  // jti, 1 to 128 characters
  absl::Time expire_time;
};
// INVALID_ARGUMENT: signature, audience, issuer, lifetime or type wrong. `typ`
// may be `JWT` or absent: other RFC 7523 clients send that.
absl::StatusOr<Assertion> VerifyAssertion(std::string_view assertion, const Key& key,
                                          absl::Time now);

}  // namespace sockel::auth
