#include "services/identity/role_bindings/role_bindings.h"

#include "absl/strings/str_cat.h"
#include "common/auth/roles.h"
#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ids/ids.h"
#include "common/ledger/ledger.h"
#include "common/paging/page.h"
#include "services/identity/names/names.h"
#include "services/identity/role_bindings/authority.h"
#include "services/identity/role_bindings/role_binding_store.h"
#include "services/identity/tenants/tenant_store.h"

namespace sockel::identity {
namespace {

absl::Status NotGrantable(const std::string& role, absl::string_view why) {
  return error::Make(absl::StatusCode::kPermissionDenied, "ROLE_NOT_GRANTABLE",
                     absl::StrCat("You cannot give or take the role ", role, ": ", why, "."),
                     {{"role", role}});
}

absl::Status CheckRole(const Caller& caller, const std::string& role) {
  const auth::Role* known = auth::FindRole(role);
  if (known == nullptr) {
    absl::Status status =
        error::Make(absl::StatusCode::kInvalidArgument, "ROLE_UNKNOWN",
                    absl::StrCat("There is no role ", role, "."), {{"role", role}});
    error::AddFieldViolation(status, "role_binding.role", "must be the name of a built-in role");
    return status;
  }
  if (known->provider_only && caller.tenant != auth::kProviderTenant) {
    return NotGrantable(role, "it exists in the provider's tenant only");
  }
  if (!auth::MayGrant(caller.roles, role, caller.home_tenant, caller.tenant)) {
    return NotGrantable(role, "none of your roles may");
  }
  return absl::OkStatus();
}

absl::StatusOr<PrincipalName> PrincipalOf(const Caller& caller, const std::string& name) {
  auto principal = ParsePrincipal(name);
  if (!principal.has_value() || principal->tenant != caller.tenant) {
    return error::InvalidField("role_binding.principal",
                               "must be a user or service account of the parent tenant");
  }
  return *std::move(principal);
}

void Record(pg::WriteTransaction& tx, const v1::RoleBinding& binding, const char* event) {
  ledger::Append(tx, {.resource = binding.name(),
                      .details = {{"principal", binding.principal()}, {"role", binding.role()}}});
  events::Emit(tx, {.type = event,
                    .resource = binding.name(),
                    .attributes = {{"principal", binding.principal()}, {"role", binding.role()}}});
}

absl::Status CheckLeavesAnAdmin(pg::WriteTransaction& tx, const v1::RoleBinding& binding) {
  const auto principal = ParsePrincipal(binding.principal());
  const bool of_user = principal.has_value() && principal->kind == PrincipalName::Kind::kUser;
  return of_user ? CheckNotLastAdmin(tx, principal->id, binding.role()) : absl::OkStatus();
}

absl::Status HasRole(const v1::RoleBinding& binding) {
  return error::Make(
      absl::StatusCode::kAlreadyExists, error::CommonReason::RESOURCE_EXISTS,
      absl::StrCat(binding.principal(), " has the role `", binding.role(), "` already"),
      {{"resource", binding.principal()}, {"role", binding.role()}});
}

}  // namespace

absl::StatusOr<v1::RoleBinding> RoleBindings::Create(const Caller& caller,
                                                     const v1::CreateRoleBindingRequest& request) {
  const v1::RoleBinding& values = request.role_binding();
  if (absl::Status status = CheckRole(caller, values.role()); !status.ok()) return status;
  auto principal = PrincipalOf(caller, values.principal());
  if (!principal.ok()) return principal.status();
  if (values.principal() == caller.subject) {
    return NotGrantable(values.role(), "nobody gives a role to himself");
  }
  return db_.Write(caller, "role_bindings.create",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::RoleBinding> {
                     auto inserted = role_binding_store::Insert(tx, ids::NewUuidV7(tx.time()),
                                                                *principal, values.role());
                     if (!inserted.principal_exists) return error::NotFound(values.principal());
                     if (!inserted.binding.has_value()) {
                       return HasRole(values);
                     }
                     Record(tx, *inserted.binding, "identity.roleBinding.created");
                     return *std::move(inserted.binding);
                   });
}

absl::StatusOr<v1::ListRoleBindingsResponse> RoleBindings::List(
    const Caller& caller, const v1::ListRoleBindingsRequest& request) {
  auto after = pages_.Read(caller, request);
  if (!after.ok()) return after.status();
  std::optional<PrincipalName> principal;
  if (!request.principal().empty()) {
    principal = ParsePrincipal(request.principal());
    if (!principal.has_value()) {
      return error::InvalidField("principal", "must be the name of a user or service account");
    }
    if (principal->tenant != caller.tenant) return v1::ListRoleBindingsResponse();
  }
  const int limit = paging::PageSize(request.page_size());
  return db_.Read(caller, "role_bindings.list",
                  [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListRoleBindingsResponse> {
                    v1::ListRoleBindingsResponse response;
                    auto& page = *response.mutable_role_bindings();
                    paging::Rows<v1::RoleBinding> found{
                        role_binding_store::List(tx, *after, principal, limit + 1)};
                    if (paging::Fill(std::move(found), limit, page)) {
                      const std::string last = Segment(page.rbegin()->name(), 3);
                      response.set_next_page_token(pages_.Make(caller, request, last));
                    }
                    return response;
                  });
}

absl::StatusOr<v1::DeleteRoleBindingResponse> RoleBindings::Delete(
    const Caller& caller, const v1::DeleteRoleBindingRequest& request) {
  return db_.Write(caller, "role_bindings.delete",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::DeleteRoleBindingResponse> {
                     revoker_.Begin(tx);
                     tenant_store::FindForUpdate(tx, tx.caller().tenant);
                     const std::string id = Segment(request.name(), 3);
                     auto binding = role_binding_store::FindForUpdate(tx, id);
                     if (!binding.has_value()) return error::NotFound(request.name());
                     absl::Status status = CheckRole(caller, binding->role());
                     if (status.ok()) status = CheckLeavesAnAdmin(tx, *binding);
                     if (!status.ok()) return status;
                     role_binding_store::Delete(tx, id);
                     revoker_.Revoke(tx, binding->principal());
                     Record(tx, *binding, "identity.roleBinding.deleted");
                     return v1::DeleteRoleBindingResponse();
                   });
}

}  // namespace sockel::identity
