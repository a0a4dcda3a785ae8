#include "services/identity/access/access.h"

#include "absl/strings/str_cat.h"
#include "common/auth/roles.h"
#include "common/error/error.h"
#include "services/identity/names/names.h"
#include "services/identity/role_bindings/role_binding_store.h"

namespace sockel::identity {
namespace {

constexpr char kCheckOthers[] = "identity.access.check";

absl::Status PermissionMissing() {
  return error::Make(absl::StatusCode::kPermissionDenied, error::CommonReason::PERMISSION_MISSING,
                     "You lack the permission to ask about others.",
                     {{"permission", kCheckOthers}});
}

}  // namespace

v1::CheckResponse Decide(const std::vector<std::string>& roles, const std::string& home_tenant,
                         const std::string& permission, const std::string& resource) {
  // Resources outside tenants (offerings) belong to the caller's own, as on
  // every method; other names do not get past the dispatcher.
  const std::string of_tenant = resource.rfind("tenants/", 0) == 0 ? Segment(resource, 1) : "";
  const std::string tenant = of_tenant.empty() ? home_tenant : of_tenant;
  v1::CheckResponse response;
  for (const std::string& role : roles) {
    if (auth::Allows({role}, permission, home_tenant, tenant)) {
      response.set_allowed(true);
      response.set_reason(absl::StrCat("role ", role));
      return response;
    }
  }
  response.set_reason(
      absl::StrCat("no role of the principal holds ", permission, " in tenants/", tenant));
  return response;
}

absl::StatusOr<v1::WhoAmIResponse> Access::WhoAmI(const Caller& caller, const v1::WhoAmIRequest&) {
  v1::WhoAmIResponse response;
  response.set_principal(caller.subject);
  response.set_tenant(TenantName(caller.home_tenant));
  response.mutable_roles()->Assign(caller.roles.begin(), caller.roles.end());
  response.set_session(caller.session);
  response.set_on_behalf_of(caller.on_behalf_of);
  return response;
}

absl::StatusOr<v1::CheckResponse> Access::Check(const Caller& caller,
                                                const v1::CheckRequest& request) {
  if (request.principal().empty() || request.principal() == caller.subject) {
    return Decide(caller.roles, caller.home_tenant, request.permission(), request.resource());
  }
  auto principal = ParsePrincipal(request.principal());
  if (!principal.has_value()) {
    return error::InvalidField("principal", "must be the name of a user or service account");
  }
  if (!auth::Allows(caller.roles, kCheckOthers, caller.home_tenant, principal->tenant)) {
    return PermissionMissing();
  }
  return db_.Read(caller.InTenant(principal->tenant), "access.check",
                  [&](pg::Transaction& tx) -> absl::StatusOr<v1::CheckResponse> {
                    auto roles = role_binding_store::RolesOf(tx, *principal);
                    if (!roles.has_value()) return error::NotFound(request.principal());
                    return Decide(*roles, principal->tenant, request.permission(),
                                  request.resource());
                  });
}

}  // namespace sockel::identity
