#include "services/identity/tenants/tenants.h"

#include "common/auth/roles.h"
#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ledger/ledger.h"
#include "common/paging/page.h"
#include "services/identity/names/display_name.h"
#include "services/identity/names/names.h"
#include "services/identity/names/update_mask.h"
#include "services/identity/tenants/tenant_store.h"

namespace sockel::identity {
namespace {

constexpr std::string_view kChangeable[] = {"display_name"};

absl::Status CheckKind(v1::Tenant::Kind kind) {
  if (kind == v1::Tenant::MINISTRY || kind == v1::Tenant::AUTHORITY) return absl::OkStatus();
  return error::InvalidField("tenant.kind", "must be MINISTRY or AUTHORITY");
}

// The tenant, locked, if it still has the etag (empty: any).
absl::StatusOr<v1::Tenant> Locked(pg::WriteTransaction& tx, const std::string& name,
                                  const std::string& etag) {
  auto tenant = tenant_store::FindForUpdate(tx, tx.caller().tenant);
  if (!tenant.has_value()) return error::NotFound(name);
  if (auto status = error::CheckEtag(etag, tenant->etag(), name); !status.ok()) return status;
  return *std::move(tenant);
}

void Record(pg::WriteTransaction& tx, const v1::Tenant& tenant, const char* event) {
  ledger::Append(tx, {.resource = tenant.name(),
                      .details = {{"state", v1::Tenant::State_Name(tenant.state())}}});
  events::Emit(tx, {.type = event, .resource = tenant.name()});
}

}  // namespace

absl::StatusOr<v1::Tenant> Tenants::Create(const Caller& caller,
                                           const v1::CreateTenantRequest& request) {
  if (absl::Status status =
          CheckDisplayName("tenant.display_name", request.tenant().display_name());
      !status.ok()) {
    return status;
  }
  if (absl::Status status = CheckKind(request.tenant().kind()); !status.ok()) return status;
  return db_.Write(
      caller, "tenants.create", [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Tenant> {
        auto tenant = tenant_store::Insert(tx, request.tenant_id(), request.tenant().display_name(),
                                           request.tenant().kind());
        if (!tenant.has_value()) return error::AlreadyExists(TenantName(request.tenant_id()));
        Record(tx, *tenant, "identity.tenant.created");
        return *std::move(tenant);
      });
}

absl::StatusOr<v1::Tenant> Tenants::Get(const Caller& caller, const v1::GetTenantRequest& request) {
  return db_.Read(caller, "tenants.get", [&](pg::Transaction& tx) -> absl::StatusOr<v1::Tenant> {
    auto tenant = tenant_store::Find(tx, Segment(request.name(), 1));
    if (!tenant.has_value()) return error::NotFound(request.name());
    return *std::move(tenant);
  });
}

absl::StatusOr<v1::ListTenantsResponse> Tenants::List(const Caller& caller,
                                                      const v1::ListTenantsRequest& request) {
  auto after = pages_.Read(caller, request);
  if (!after.ok()) return after.status();
  const int limit = paging::PageSize(request.page_size());
  return db_.Read(caller, "tenants.list",
                  [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListTenantsResponse> {
                    v1::ListTenantsResponse response;
                    auto& page = *response.mutable_tenants();
                    paging::Rows<v1::Tenant> found{tenant_store::List(tx, *after, limit + 1)};
                    if (paging::Fill(std::move(found), limit, page)) {
                      const std::string last = Segment(page.rbegin()->name(), 1);
                      response.set_next_page_token(pages_.Make(caller, request, last));
                    }
                    return response;
                  });
}

absl::StatusOr<v1::Tenant> Tenants::Update(const Caller& caller,
                                           const v1::UpdateTenantRequest& request) {
  auto fields = FieldsToUpdate(request.tenant(), request.update_mask(), kChangeable);
  if (!fields.ok()) return fields.status();
  if (fields->contains("display_name")) {
    absl::Status status = CheckDisplayName("tenant.display_name", request.tenant().display_name());
    if (!status.ok()) return status;
  }
  return db_.Write(caller, "tenants.update",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Tenant> {
                     auto tenant = Locked(tx, request.tenant().name(), request.tenant().etag());
                     if (!tenant.ok() || fields->empty()) return tenant;
                     tenant->set_display_name(request.tenant().display_name());
                     v1::Tenant changed = tenant_store::Update(tx, tx.caller().tenant, *tenant);
                     Record(tx, changed, "identity.tenant.updated");
                     return changed;
                   });
}

absl::StatusOr<v1::Tenant> Tenants::Suspend(const Caller& caller,
                                            const v1::SuspendTenantRequest& request) {
  if (caller.tenant == auth::kProviderTenant) {
    return error::FailedPrecondition("PROVIDER_TENANT",
                                     "The provider's own tenant cannot be suspended.");
  }
  return db_.Write(caller, "tenants.suspend",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Tenant> {
                     revoker_.Begin(tx);
                     auto tenant = Locked(tx, request.name(), request.etag());
                     if (!tenant.ok() || tenant->state() == v1::Tenant::SUSPENDED) return tenant;
                     tenant->set_state(v1::Tenant::SUSPENDED);
                     v1::Tenant changed = tenant_store::Update(tx, tx.caller().tenant, *tenant);
                     revoker_.Revoke(tx, changed.name());
                     Record(tx, changed, "identity.tenant.suspended");
                     return changed;
                   });
}

absl::StatusOr<v1::Tenant> Tenants::Resume(const Caller& caller,
                                           const v1::ResumeTenantRequest& request) {
  return db_.Write(caller, "tenants.resume",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Tenant> {
                     auto tenant = Locked(tx, request.name(), request.etag());
                     if (!tenant.ok() || tenant->state() == v1::Tenant::ACTIVE) return tenant;
                     tenant->set_state(v1::Tenant::ACTIVE);
                     v1::Tenant changed = tenant_store::Update(tx, tx.caller().tenant, *tenant);
                     Record(tx, changed, "identity.tenant.resumed");
                     return changed;
                   });
}

}  // namespace sockel::identity
