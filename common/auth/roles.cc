#include "common/auth/roles.h"

#include <algorithm>

namespace sockel::auth {
namespace {

// What every role includes: what can be ordered, and one's own inbox.
constexpr std::string_view kEveryone[] = {
    "catalog.offerings.get", "catalog.offerings.list",    "catalog.plans.get",
    "catalog.plans.list",    "notification.inboxItems.*",
};

constexpr std::string_view kReader[] = {
    "efile.dossiers.get",         "efile.dossiers.list",      "efile.documents.get",
    "efile.documents.list",       "efile.documents.download", "efile.filePlanEntries.get",
    "efile.filePlanEntries.list",
};

constexpr std::string_view kCaseworker[] = {
    "efile.dossiers.*",
    "efile.documents.*",
    "efile.uploads.*",
    "notification.messages.*",
    "notification.templates.get",
    "notification.templates.list",
    "notification.templates.preview",
    "notification.senders.get",
    "notification.senders.list",
};

constexpr std::string_view kRecordsManager[] = {"efile.filePlanEntries.*"};

constexpr std::string_view kApplication[] = {
    "notification.templates.create",
    "notification.emergencies.send",
    "events.events.watch",
};

constexpr std::string_view kAuditor[] = {"audit.*.*", "events.*.*"};

constexpr std::string_view kTenantAdmin[] = {
    "identity.tenants.get",
    "identity.users.*",
    "identity.serviceAccounts.*",
    "identity.roleBindings.*",
    "identity.sessions.*",
    "identity.access.check",
    "notification.templates.*",
    "notification.senders.*",
    "catalog.orders.create",
    "catalog.orders.get",
    "catalog.orders.list",
    "catalog.subscriptions.*",
    "audit.*.*",
};
constexpr std::string_view kTenantAdminGrants[] = {
    "reader", "caseworker", "records-manager", "application", "auditor", "tenant-admin",
};

constexpr std::string_view kOperatorHome[] = {
    "catalog.offerings.*",         "catalog.plans.*", "catalog.orders.*", "events.*.*",
    "identity.signingKeys.rotate",
};
// Tenants and what they ordered; nobody's users, files, mails or audit logs.
constexpr std::string_view kOperatorAcross[] = {
    "identity.tenants.*",         "catalog.orders.get",    "catalog.orders.list",
    "catalog.orders.approve",     "catalog.orders.reject", "catalog.subscriptions.get",
    "catalog.subscriptions.list",
};
// Not `provisioner` and `service`, which reach into every tenant: bootstrap gives
// them to the suite's services, and nobody else gives them to anybody.
constexpr std::string_view kOperatorGrants[] = {
    "reader", "caseworker", "records-manager", "application", "auditor", "tenant-admin", "operator",
};

constexpr std::string_view kProvisionerHome[] = {
    "provisioner.instances.*",
    "identity.revocations.watch",
};
// The first administrator of a new tenant gets a code by mail.
constexpr std::string_view kProvisionerAcross[] = {
    "identity.users.issueActivationCode",
    "notification.messages.send",
};

constexpr std::string_view kServiceHome[] = {"identity.revocations.watch"};
// To whom to send, and may they: no other data of a tenant.
constexpr std::string_view kServiceAcross[] = {
    "identity.access.check",
    "identity.tenants.get",
    "identity.users.get",
};

constexpr Role kRoles[] = {
    {"reader", "Reads the files of the tenant.", false, "", kReader, {}, {}},
    {"caseworker", "Works with files and sends messages.", false, "reader", kCaseworker, {}, {}},
    {"records-manager",
     "A caseworker who also keeps the file plan.",
     false,
     "caseworker",
     kRecordsManager,
     {},
     {}},
    {"application",
     "A ministry application: a caseworker with templates of its own, alarms and events.",
     false,
     "caseworker",
     kApplication,
     {},
     {}},
    {"auditor", "Reads and verifies the audit log.", false, "", kAuditor, {}, {}},
    {"tenant-admin",
     "Rules over accounts, roles, templates and orders of the own tenant; sees no files.",
     false,
     "",
     kTenantAdmin,
     {},
     kTenantAdminGrants},
    {"operator",
     "The provider's staff: tenants, the catalog and orders; administers the provider's tenant.",
     true, "tenant-admin", kOperatorHome, kOperatorAcross, kOperatorGrants},
    {"provisioner",
     "The catalog service: sets up what was ordered.",
     true,
     "",
     kProvisionerHome,
     kProvisionerAcross,
     {}},
    {"service",
     "A service of the suite: follows revocations, asks who somebody is.",
     true,
     "",
     kServiceHome,
     kServiceAcross,
     {}},
};

struct Parts {
  std::string_view part[3];
};

// False unless there are exactly three non-empty parts.
bool Split(std::string_view text, Parts& out) {
  for (int i = 0; i < 2; ++i) {
    const size_t dot = text.find('.');
    if (dot == 0 || dot == std::string_view::npos) return false;
    out.part[i] = text.substr(0, dot);
    text.remove_prefix(dot + 1);
  }
  out.part[2] = text;
  return !text.empty() && text.find('.') == std::string_view::npos;
}

bool MatchesParts(std::string_view pattern, const Parts& permission) {
  Parts wanted;
  if (!Split(pattern, wanted)) return false;
  for (int i = 0; i < 3; ++i) {
    if (wanted.part[i] != "*" && wanted.part[i] != permission.part[i]) return false;
  }
  return true;
}

bool AnyMatches(absl::Span<const std::string_view> patterns, const Parts& permission) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](std::string_view pattern) { return MatchesParts(pattern, permission); });
}

// `at_home`: the target is the caller's own tenant.
bool RoleAllows(const Role& role, const Parts& permission, bool at_home) {
  for (const Role* r = &role; r != nullptr;
       r = r->includes.empty() ? nullptr : FindRole(r->includes)) {
    if (AnyMatches(r->across, permission)) return true;
    if (at_home && AnyMatches(r->home, permission)) return true;
  }
  return at_home && AnyMatches(kEveryone, permission);
}

// The role of this name, if it counts for somebody of `home_tenant`.
const Role* Effective(std::string_view name, std::string_view home_tenant) {
  const Role* role = FindRole(name);
  if (role == nullptr || (role->provider_only && home_tenant != kProviderTenant)) return nullptr;
  return role;
}

}  // namespace

absl::Span<const Role> BuiltInRoles() { return kRoles; }

const Role* FindRole(std::string_view name) {
  const Role* const end = std::end(kRoles);
  const Role* found =
      std::find_if(std::begin(kRoles), end, [&](const Role& role) { return role.name == name; });
  return found == end ? nullptr : found;
}

bool Allows(const std::vector<std::string>& roles, std::string_view permission,
            std::string_view home_tenant, std::string_view target_tenant) {
  Parts parts;
  if (home_tenant.empty() || !Split(permission, parts)) return false;
  const bool at_home = target_tenant == home_tenant;
  return std::any_of(roles.begin(), roles.end(), [&](const std::string& name) {
    const Role* role = Effective(name, home_tenant);
    return role != nullptr && RoleAllows(*role, parts, at_home);
  });
}

bool MayGrant(const std::vector<std::string>& roles, std::string_view role,
              std::string_view home_tenant, std::string_view target_tenant) {
  const Role* wanted = Effective(role, target_tenant);
  if (wanted == nullptr || home_tenant != target_tenant) return false;
  return std::any_of(roles.begin(), roles.end(), [&](const std::string& name) {
    const Role* held = Effective(name, home_tenant);
    return held != nullptr &&
           std::find(held->grants.begin(), held->grants.end(), role) != held->grants.end();
  });
}

bool Matches(std::string_view pattern, std::string_view permission) {
  Parts parts;
  return Split(permission, parts) && MatchesParts(pattern, parts);
}

}  // namespace sockel::auth
