#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/auth/access_token.h"
#include "services/identity/revocations/token_gate.h"
#include "services/identity/signing_keys/signing_keys.h"

namespace sockel::identity {

struct TokenOptions {
  auth::TokenAuthority authority;
  absl::Duration access_token_lifetime = absl::Minutes(10);
};

// Makes access tokens. Thread-safe.
class TokenIssuer {
 public:
  TokenIssuer(TokenOptions options, const SigningKeys& keys, const TokenGate& gate)
      : options_(std::move(options)), keys_(keys), gate_(gate) {}

  struct Bearer {
    std::string subject;  // resource name
    std::string tenant;   // code
    std::vector<std::string> roles;
    std::string session;  // name; empty for service accounts
    std::vector<std::string> authentication_methods;
    absl::Time authentication_time;
  };
  struct Issued {
    std::string token;
    absl::Time expire_time;
  };
  // First of all in the transaction that looks up what the token will say. Returns
  // the time to issue it with.
  absl::Time Begin(pg::WriteTransaction& tx) const { return gate_.Enter(tx); }

  // UNAVAILABLE/DEPENDENCY_UNAVAILABLE while there is no signing key.
  absl::StatusOr<Issued> Issue(const Bearer& bearer, absl::Time issue_time) const;

 private:
  const TokenOptions options_;
  const SigningKeys& keys_;
  const TokenGate& gate_;
};

}  // namespace sockel::identity
