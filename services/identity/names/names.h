#pragma once

#include <optional>
#include <string>
#include <string_view>

// Resource names of identity. Names in requests were checked against their
// patterns by the dispatcher; those inside free text fields were not.
namespace sockel::identity {

// 2 to 40 of a-z, 0-9 and -, starting with a letter.
bool IsTenantCode(std::string_view code);

std::string TenantName(std::string_view tenant);
std::string UserName(std::string_view tenant, std::string_view user);
std::string ServiceAccountName(std::string_view tenant, std::string_view service_account);
std::string RoleBindingName(std::string_view tenant, std::string_view role_binding);
std::string SessionName(std::string_view tenant, std::string_view user, std::string_view session);

// The segment at `index`, from 0: Segment("tenants/smi/users/u1", 3) = "u1".
// Empty when there are fewer.
std::string Segment(std::string_view name, int index);

// A user or service account.
struct PrincipalName {
  enum class Kind { kUser, kServiceAccount };
  std::string tenant;
  Kind kind = Kind::kUser;
  std::string id;
};
// Nothing when it is neither. The tenant's code has the right form.
std::optional<PrincipalName> ParsePrincipal(std::string_view name);

}  // namespace sockel::identity
