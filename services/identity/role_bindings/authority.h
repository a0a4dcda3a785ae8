#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "common/pg/database.h"
#include "services/identity/names/names.h"

// Who may lay hands on an account. Ask in the transaction of the change.
namespace sockel::identity {

// Whoever gives somebody a password or a key can act as him, and whoever stops
// somebody takes away what he may. So both follow the rule for roles: OK when
// tx.caller() may give each role that `principal`, of the caller's tenant, is
// bound to; else PERMISSION_DENIED/ROLE_NOT_GRANTABLE.
absl::Status CheckMayActOn(pg::Transaction& tx, const PrincipalName& principal);

// FAILED_PRECONDITION/LAST_ADMIN when without this user nobody could administer
// the tenant, or operate the suite. `role`: only as the holder of this one;
// empty: of any. Lock the tenant first: two such questions at a time must not
// both hear no.
absl::Status CheckNotLastAdmin(pg::WriteTransaction& tx, std::string_view user,
                               std::string_view role = "");

}  // namespace sockel::identity
