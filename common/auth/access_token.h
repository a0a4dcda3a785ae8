#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/auth/claims.h"
#include "common/auth/jose.h"

// Access tokens (RFC 9068 profile). The one place that knows the claims.
namespace sockel::auth {

// Clocks of two machines may differ by this much.
inline constexpr absl::Duration kLeeway = absl::Seconds(30);
inline constexpr std::string_view kDefaultIssuer = "sockel-identity";
inline constexpr std::string_view kAudience = "sockel";

struct TokenAuthority {
  std::string issuer{kDefaultIssuer};
  std::string audience{kAudience};
};

// The signed token, every field of `claims` being filled in.
// In it: iss, aud, sub, tenant, roles, sid, jti, amr, auth_time, iat, exp; and
// `iat_us`: iat in microseconds, so that a token made right after a revocation
// counts as made after it. When an application acts for a user, sub is the user
// and act.sub the application (RFC 8693, 4.1).
absl::StatusOr<std::string> SignAccessToken(const Key& key, const TokenAuthority& authority,
                                            const Claims& claims);

// What verified claims say. UNAUTHENTICATED with TOKEN_INVALID or
// TOKEN_EXPIRED: a claim missing or of the wrong type, issuer or audience
// wrong, expired, not yet valid (nbf, iat in the future), each with kLeeway.
absl::StatusOr<Claims> ReadAccessClaims(const nlohmann::json& claims,
                                        const TokenAuthority& authority, absl::Time now);

}  // namespace sockel::auth
