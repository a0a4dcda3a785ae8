#include "services/identity/role_bindings/authority.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/auth/roles.h"
#include "common/error/error.h"
#include "services/identity/role_bindings/role_binding_store.h"
#include "services/identity/users/user_store.h"

namespace sockel::identity {

absl::Status CheckMayActOn(pg::Transaction& tx, const PrincipalName& principal) {
  const Caller& caller = tx.caller();
  for (const std::string& role : role_binding_store::BoundTo(tx, principal)) {
    if (auth::MayGrant(caller.roles, role, caller.home_tenant, caller.tenant)) continue;
    return error::Make(
        absl::StatusCode::kPermissionDenied, "ROLE_NOT_GRANTABLE",
        absl::StrCat("The account has the role ", role, ", which none of your roles may give."),
        {{"role", role}});
  }
  return absl::OkStatus();
}

absl::Status CheckNotLastAdmin(pg::WriteTransaction& tx, std::string_view user,
                               std::string_view role) {
  if (!user_store::IsLastAdmin(tx, user, role)) return absl::OkStatus();
  return error::FailedPrecondition(
      "LAST_ADMIN",
      "This is the last active administrator, or operator, with a password; make somebody else one "
      "first.");
}

}  // namespace sockel::identity
