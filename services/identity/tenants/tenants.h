#pragma once

#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "common/paging/paging.h"
#include "common/pg/database.h"
#include "services/identity/revocations/revoker.h"
#include "sockel/identity/v1/tenant.pb.h"

namespace sockel::identity {

// The registry of tenants; what TenantService documents. Thread-safe.
class Tenants {
 public:
  Tenants(pg::Database& db, const paging::Tokens& pages, const Revoker& revoker)
      : db_(db), pages_(pages), revoker_(revoker) {}

  absl::StatusOr<v1::Tenant> Create(const Caller& caller, const v1::CreateTenantRequest& request);
  absl::StatusOr<v1::Tenant> Get(const Caller& caller, const v1::GetTenantRequest& request);
  absl::StatusOr<v1::ListTenantsResponse> List(const Caller& caller,
                                               const v1::ListTenantsRequest& request);
  absl::StatusOr<v1::Tenant> Update(const Caller& caller, const v1::UpdateTenantRequest& request);
  absl::StatusOr<v1::Tenant> Suspend(const Caller& caller, const v1::SuspendTenantRequest& request);
  absl::StatusOr<v1::Tenant> Resume(const Caller& caller, const v1::ResumeTenantRequest& request);

 private:
  pg::Database& db_;
  const paging::Tokens& pages_;
  const Revoker& revoker_;
};

}  // namespace sockel::identity
