#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/auth/assertion.h"
#include "common/caller/caller.h"
#include "common/clock/clock.h"
#include "common/pg/database.h"
#include "services/identity/sign_in/token_issuer.h"
#include "sockel/identity/v1/authentication.pb.h"

namespace sockel::identity {

// Sign-in of service accounts by client assertion (RFC 7523); what
// AuthenticationService.IssueServiceToken documents. Thread-safe.
//
// Neither audit entry nor event: thousands of these a second say nothing that
// the calls made with the tokens do not.
class ServiceTokens {
 public:
  struct Parts {
    pg::Database& db;
    const Clock& clock;
    const TokenIssuer& issuer;
  };
  explicit ServiceTokens(const Parts& parts) : parts_(parts) {}

  absl::StatusOr<v1::IssueServiceTokenResponse> Issue(const Caller& caller,
                                                      const v1::IssueServiceTokenRequest& request);

 private:
  // For a verified assertion of the account `id`, signed by this key of it.
  absl::StatusOr<v1::IssueServiceTokenResponse> Redeem(pg::WriteTransaction& tx,
                                                       const std::string& id,
                                                       const auth::Assertion& assertion,
                                                       const std::string& key_id) const;

  const Parts parts_;
};

}  // namespace sockel::identity
