#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "common/clock/clock.h"
#include "common/paging/paging.h"
#include "common/pg/database.h"
#include "services/identity/revocations/revoker.h"
#include "services/identity/secrets/master_key.h"
#include "services/identity/sign_in/refresh_token.h"
#include "services/identity/sign_in/session_policy.h"
#include "services/identity/sign_in/session_store.h"
#include "services/identity/sign_in/token_issuer.h"
#include "sockel/identity/v1/authentication.pb.h"

namespace sockel::identity {

// The life of a session after sign-in. Thread-safe.
class Sessions {
 public:
  struct Parts {
    pg::Database& db;
    const Clock& clock;
    const paging::Tokens& pages;
    const TokenIssuer& issuer;
    const Revoker& revoker;
    const MasterKey& master_key;
    SessionPolicy policy;
  };
  explicit Sessions(const Parts& parts)
      : parts_(parts), key_(parts.master_key.Derive(KeyPurpose::kRefreshTokens)) {}

  absl::StatusOr<v1::RefreshTokensResponse> Refresh(const Caller& caller,
                                                    const v1::RefreshTokensRequest& request);
  absl::StatusOr<v1::ListSessionsResponse> List(const Caller& caller,
                                                const v1::ListSessionsRequest& request);
  absl::StatusOr<v1::Session> Revoke(const Caller& caller, const v1::RevokeSessionRequest& request);
  absl::StatusOr<v1::LogoutResponse> Logout(const Caller& caller, const v1::LogoutRequest& request);

 private:
  enum class Outcome { kRefreshed, kInvalid, kReused };
  struct Refreshed {
    Outcome outcome = Outcome::kInvalid;
    session_store::Holder holder;
    absl::Time idle_expire_time;
    absl::Time issue_time;
  };
  absl::StatusOr<Refreshed> Advance(const Caller& anonymous, const RefreshToken& token,
                                    const RefreshToken& successor);
  Refreshed Rotate(pg::WriteTransaction& tx, const RefreshToken& token,
                   const RefreshToken& successor) const;
  // What a token means that is not the session's current one.
  Refreshed Judge(pg::WriteTransaction& tx, const RefreshToken& token,
                  const session_store::Current& current) const;
  absl::StatusOr<v1::Session> End(pg::WriteTransaction& tx, const std::string& name) const;

  const Parts parts_;
  const std::string key_;
};

}  // namespace sockel::identity
