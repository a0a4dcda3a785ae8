#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"

// The security model: which role allows what, and where.
//
// A permission is `service.resource.verb` (`efile.dossiers.create`), declared
// on the RPC. A role is a set of patterns over the same three parts; `*` stands
// for one whole part. There are two sets per role:
//   - `home`: what it allows in the tenant the caller belongs to;
//   - `across`: what it allows in every tenant, the own one included, and over
//     all at once (`tenants/-`). Only provider_only roles have any of it.
// Nothing else allows anything: unknown roles in a token count for nothing, and
// what a tenant's token asks in another tenant is refused.
//
// Which object of a tenant a role reaches (a user only the own inbox, only the
// own sessions) is the service's rule, on top of this.
namespace sockel::auth {

// The tenant of the central IT provider itself.
inline constexpr std::string_view kProviderTenant = "provider";

struct Role {
  std::string_view name;
  std::string_view description;
  // The role counts only for principals of the provider's tenant.
  bool provider_only;
  // A role whose permissions this one has too; empty for none.
  std::string_view includes;
  absl::Span<const std::string_view> home;
  absl::Span<const std::string_view> across;
  // Roles that its holder may give to others (in the own tenant). Giving a role
  // to oneself is refused by identity whatever stands here. Whoever has another
  // role can be neither locked nor given a password or a key by this holder.
  absl::Span<const std::string_view> grants;
};

// All roles there are, see roles.cc.
absl::Span<const Role> BuiltInRoles();
// Null when there is no such role.
const Role* FindRole(std::string_view name);

// May a principal of `home_tenant` with these roles use `permission` in
// `target_tenant` (a code; `-` or `*` for all)? Cheap: no allocation.
bool Allows(const std::vector<std::string>& roles, std::string_view permission,
            std::string_view home_tenant, std::string_view target_tenant);

// May it give `role` to another principal of `target_tenant`? Only what one of
// its roles lists under `grants`, and only in its own tenant.
bool MayGrant(const std::vector<std::string>& roles, std::string_view role,
              std::string_view home_tenant, std::string_view target_tenant);

// Does the pattern match? Both have three parts; anything else is false.
bool Matches(std::string_view pattern, std::string_view permission);

}  // namespace sockel::auth
