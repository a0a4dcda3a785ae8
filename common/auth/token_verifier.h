#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/auth/access_token.h"
#include "common/auth/key_source.h"
#include "common/auth/revocations.h"
#include "common/caller/authenticator.h"

namespace sockel {
class Clock;
}

namespace sockel::auth {

class TokenCache;

// Verifies access tokens offline. The signature is checked once per token;
// expiry and revocation on every use. Thread-safe.
class TokenVerifier final : public Authenticator {
 public:
  struct Options {
    TokenAuthority authority;
    // Verified tokens remembered; the oldest go first. About 1 KiB each.
    size_t cache_tokens = 16 * 1024;
  };

  // All references must outlive the verifier.
  TokenVerifier(Options options, KeySource& keys, const RevocationList& revocations,
                const Clock& clock);
  ~TokenVerifier() override;

  std::shared_ptr<const Principal> Known(std::string_view bearer) const override;
  Result Authenticate(std::string_view bearer) const override;
  Standing StandingOf(const Principal& principal) const override;

  // The same two at a given time. Verify waits up to 0.5 s, rarely, for a
  // signing key not known yet.
  std::shared_ptr<const Principal> Known(std::string_view bearer, absl::Time now) const;
  Result Verify(std::string_view bearer, absl::Time now) const;

 private:
  absl::StatusOr<Claims> VerifyAnew(std::string_view bearer, absl::Time now) const;
  absl::StatusOr<Key> KeyFor(const std::string& key_id) const;

  const Options options_;
  KeySource& keys_;
  const RevocationList& revocations_;
  const Clock& clock_;
  const std::unique_ptr<TokenCache> cache_;
};

}  // namespace sockel::auth
