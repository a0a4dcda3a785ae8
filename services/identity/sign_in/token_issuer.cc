#include "services/identity/sign_in/token_issuer.h"

#include "common/auth/claims.h"
#include "common/ids/ids.h"

namespace sockel::identity {

absl::StatusOr<TokenIssuer::Issued> TokenIssuer::Issue(const Bearer& bearer,
                                                       absl::Time issue_time) const {
  auto key = keys_.Current(issue_time);
  if (!key.ok()) return key.status();
  // `exp` has whole seconds.
  const absl::Time expire_time =
      absl::FromUnixSeconds(absl::ToUnixSeconds(issue_time + options_.access_token_lifetime));
  auth::Claims claims;
  claims.principal.subject = bearer.subject;
  claims.principal.tenant = bearer.tenant;
  claims.principal.roles = bearer.roles;
  claims.principal.session = bearer.session;
  claims.principal.expire = expire_time;
  claims.token_id = ids::NewUuidV7(issue_time);
  claims.authentication_methods = bearer.authentication_methods;
  claims.authentication_time = bearer.authentication_time;
  claims.principal.issue_time = issue_time;
  auto token = auth::SignAccessToken(*key, options_.authority, claims);
  if (!token.ok()) return token.status();
  return Issued{*std::move(token), expire_time};
}

}  // namespace sockel::identity
