#include "common/auth/token_verifier.h"

#include <utility>

#include "common/auth/token_cache.h"
#include "common/clock/clock.h"
#include "common/error/error.h"

namespace sockel::auth {
namespace {

// A thumbprint has 43 characters; other issuers' ids are no longer than this.
constexpr size_t kMaxKeyIdLength = 128;

absl::Status Invalid(std::string_view message) {
  return error::Make(absl::StatusCode::kUnauthenticated, error::CommonReason::TOKEN_INVALID,
                     message);
}

absl::Status Expired() {
  return error::Make(absl::StatusCode::kUnauthenticated, error::CommonReason::TOKEN_EXPIRED,
                     "the token has expired: get a new one");
}

absl::Status Revoked() {
  return error::Make(absl::StatusCode::kUnauthenticated, error::CommonReason::TOKEN_REVOKED,
                     "the token was revoked: get a new one; if that is refused, sign in again");
}

bool HasExpired(const Principal& principal, absl::Time now) {
  return principal.expire + kLeeway <= now;
}

// Shares ownership: nothing is copied.
std::shared_ptr<const Principal> PrincipalOf(std::shared_ptr<const Claims> claims) {
  const Principal* principal = &claims->principal;
  return {std::move(claims), principal};
}

}  // namespace

TokenVerifier::TokenVerifier(Options options, KeySource& keys, const RevocationList& revocations,
                             const Clock& clock)
    : options_(std::move(options)),
      keys_(keys),
      revocations_(revocations),
      clock_(clock),
      cache_(std::make_unique<TokenCache>(options_.cache_tokens)) {}

TokenVerifier::~TokenVerifier() = default;

std::shared_ptr<const Principal> TokenVerifier::Known(std::string_view bearer) const {
  return Known(bearer, clock_.Now());
}

Authenticator::Result TokenVerifier::Authenticate(std::string_view bearer) const {
  return Verify(bearer, clock_.Now());
}

std::shared_ptr<const Principal> TokenVerifier::Known(std::string_view bearer,
                                                      absl::Time now) const {
  if (bearer.size() > kMaxTokenBytes) return nullptr;
  std::shared_ptr<const Claims> claims = cache_->Find(DigestOf(bearer), keys_.Generation());
  if (claims == nullptr || HasExpired(claims->principal, now) ||
      revocations_.IsRevoked(claims->principal)) {
    return nullptr;
  }
  return PrincipalOf(std::move(claims));
}

Authenticator::Result TokenVerifier::Verify(std::string_view bearer, absl::Time now) const {
  if (bearer.size() > kMaxTokenBytes) return Invalid("the token is longer than 8192 bytes");
  const TokenDigest digest = DigestOf(bearer);
  // Read before the signature is checked: a key withdrawn meanwhile counts.
  const uint64_t generation = keys_.Generation();
  std::shared_ptr<const Claims> claims = cache_->Find(digest, generation);
  if (claims == nullptr) {
    absl::StatusOr<Claims> verified = VerifyAnew(bearer, now);
    if (!verified.ok()) return verified.status();
    claims = std::make_shared<const Claims>(*std::move(verified));
    cache_->Insert(digest, generation, claims);
  }
  if (HasExpired(claims->principal, now)) {
    cache_->Erase(digest);
    return Expired();
  }
  if (revocations_.IsRevoked(claims->principal)) return Revoked();
  return PrincipalOf(std::move(claims));
}

Authenticator::Standing TokenVerifier::StandingOf(const Principal& principal) const {
  if (revocations_.IsRevoked(principal)) return Standing::kRevoked;
  return HasExpired(principal, clock_.Now()) ? Standing::kExpired : Standing::kGood;
}

absl::StatusOr<Claims> TokenVerifier::VerifyAnew(std::string_view bearer, absl::Time now) const {
  absl::StatusOr<UnverifiedJwt> jwt = ReadUnverified(bearer);
  if (!jwt.ok()) return Invalid("the token is not one of this suite");
  if (jwt->type != kAccessTokenType) return Invalid("the token is not an access token");
  absl::StatusOr<Key> key = KeyFor(jwt->key_id);
  if (!key.ok()) return key.status();
  absl::StatusOr<nlohmann::json> claims = VerifySignature(bearer, *key);
  if (!claims.ok()) return Invalid("the token's signature is wrong");
  return ReadAccessClaims(*claims, options_.authority, now);
}

absl::StatusOr<Key> TokenVerifier::KeyFor(const std::string& key_id) const {
  if (key_id.empty() || key_id.size() > kMaxKeyIdLength) {
    return Invalid("the token does not name its key");
  }
  std::optional<Key> key = keys_.Find(key_id);
  if (!key && keys_.Refresh()) key = keys_.Find(key_id);
  if (key) return *std::move(key);
  if (!keys_.Ready()) {
    return error::Unavailable(error::CommonReason::DEPENDENCY_UNAVAILABLE,
                              "the keys that verify tokens are not known yet");
  }
  return Invalid("the token is signed with an unknown key");
}

}  // namespace sockel::auth
