#include "services/identity/names/names.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace sockel::identity {
namespace {

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

std::string Join(std::string_view tenant, std::string_view collection, std::string_view id) {
  return absl::StrCat("tenants/", View(tenant), "/", View(collection), "/", View(id));
}

}  // namespace

bool IsTenantCode(std::string_view code) {
  if (code.size() < 2 || code.size() > 40 || code[0] < 'a' || code[0] > 'z') return false;
  return std::all_of(code.begin(), code.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::string TenantName(std::string_view tenant) { return absl::StrCat("tenants/", View(tenant)); }

std::string UserName(std::string_view tenant, std::string_view user) {
  return Join(tenant, "users", user);
}

std::string ServiceAccountName(std::string_view tenant, std::string_view service_account) {
  return Join(tenant, "serviceAccounts", service_account);
}

std::string RoleBindingName(std::string_view tenant, std::string_view role_binding) {
  return Join(tenant, "roleBindings", role_binding);
}

std::string SessionName(std::string_view tenant, std::string_view user, std::string_view session) {
  return absl::StrCat(UserName(tenant, user), "/sessions/", View(session));
}

std::string Segment(std::string_view name, int index) {
  const std::vector<std::string> segments = absl::StrSplit(View(name), '/');
  return index < static_cast<int>(segments.size()) ? segments[static_cast<size_t>(index)] : "";
}

std::optional<PrincipalName> ParsePrincipal(std::string_view name) {
  std::vector<std::string> segments = absl::StrSplit(View(name), '/');
  if (segments.size() != 4 || segments[0] != "tenants") return std::nullopt;
  if (!IsTenantCode(segments[1]) || segments[3].empty()) return std::nullopt;
  if (segments[2] == "users") {
    return PrincipalName{segments[1], PrincipalName::Kind::kUser, segments[3]};
  }
  if (segments[2] == "serviceAccounts") {
    return PrincipalName{segments[1], PrincipalName::Kind::kServiceAccount, segments[3]};
  }
  return std::nullopt;
}

}  // namespace sockel::identity
