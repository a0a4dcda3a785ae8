#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/pg/database.h"
#include "services/identity/names/names.h"
#include "sockel/identity/v1/role_binding.pb.h"

// The role bindings of the caller's tenant.
namespace sockel::identity::role_binding_store {

// By id, after `after`; without `principal` everybody's.
std::vector<v1::RoleBinding> List(pg::Transaction& tx, std::string_view after,
                                  const std::optional<PrincipalName>& principal, int limit);

struct Inserted {
  bool principal_exists = false;
  // Nothing when the principal has the role already.
  std::optional<v1::RoleBinding> binding;
};
Inserted Insert(pg::WriteTransaction& tx, std::string_view id, const PrincipalName& principal,
                std::string_view role);

// Locked until the transaction ends.
std::optional<v1::RoleBinding> FindForUpdate(pg::WriteTransaction& tx, std::string_view id);
void Delete(pg::WriteTransaction& tx, std::string_view id);

// Who may sign in now, with which roles; nothing when there is no such
// principal. An inactive one has none.
std::optional<std::vector<std::string>> RolesOf(pg::Transaction& tx,
                                                const PrincipalName& principal);
// The roles it is bound to, active or not.
std::vector<std::string> BoundTo(pg::Transaction& tx, const PrincipalName& principal);

}  // namespace sockel::identity::role_binding_store
