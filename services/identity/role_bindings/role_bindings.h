#pragma once

#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "common/paging/paging.h"
#include "common/pg/database.h"
#include "services/identity/revocations/revoker.h"
#include "sockel/identity/v1/role_binding.pb.h"

namespace sockel::identity {

inline constexpr char kTenantAdminRole[] = "tenant-admin";

// Who has which role; what RoleBindingService documents. Thread-safe.
class RoleBindings {
 public:
  RoleBindings(pg::Database& db, const paging::Tokens& pages, const Revoker& revoker)
      : db_(db), pages_(pages), revoker_(revoker) {}

  absl::StatusOr<v1::RoleBinding> Create(const Caller& caller,
                                         const v1::CreateRoleBindingRequest& request);
  absl::StatusOr<v1::ListRoleBindingsResponse> List(const Caller& caller,
                                                    const v1::ListRoleBindingsRequest& request);
  absl::StatusOr<v1::DeleteRoleBindingResponse> Delete(const Caller& caller,
                                                       const v1::DeleteRoleBindingRequest& request);

 private:
  pg::Database& db_;
  const paging::Tokens& pages_;
  const Revoker& revoker_;
};

}  // namespace sockel::identity
