#pragma once

#include "absl/status/statusor.h"
#include "common/auth/assertion.h"
#include "common/caller/caller.h"
#include "common/clock/clock.h"
#include "common/pg/database.h"
#include "services/identity/names/names.h"
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
    const Clock& clock;  // the one that revocations are dated by
    const TokenIssuer& issuer;
  };
  explicit ServiceTokens(const Parts& parts) : parts_(parts) {}

  absl::StatusOr<v1::IssueServiceTokenResponse> Issue(const Caller& caller,
                                                      const v1::IssueServiceTokenRequest& request);

 private:
  // Puts the access token down in `response` when the assertion is good.
  absl::Status Redeem(const Caller& caller, const std::string& assertion,
                      const auth::AssertionIssuer& issuer, const PrincipalName& account,
                      v1::IssueServiceTokenResponse& response);

  const Parts parts_;
};

}  // namespace sockel::identity
