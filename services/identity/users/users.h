#pragma once

#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "common/paging/paging.h"
#include "common/pg/database.h"
#include "services/identity/revocations/revoker.h"
#include "sockel/identity/v1/user.pb.h"

namespace sockel::identity {

// The people of a tenant; what UserService documents. Thread-safe.
class Users {
 public:
  Users(pg::Database& db, const paging::Tokens& pages, const Revoker& revoker)
      : db_(db), pages_(pages), revoker_(revoker) {}

  absl::StatusOr<v1::User> Create(const Caller& caller, const v1::CreateUserRequest& request);
  absl::StatusOr<v1::User> Get(const Caller& caller, const v1::GetUserRequest& request);
  absl::StatusOr<v1::ListUsersResponse> List(const Caller& caller,
                                             const v1::ListUsersRequest& request);
  absl::StatusOr<v1::User> Update(const Caller& caller, const v1::UpdateUserRequest& request);
  absl::StatusOr<v1::User> Lock(const Caller& caller, const v1::LockUserRequest& request);
  absl::StatusOr<v1::User> Unlock(const Caller& caller, const v1::UnlockUserRequest& request);

 private:
  pg::Database& db_;
  const paging::Tokens& pages_;
  const Revoker& revoker_;
};

inline constexpr char kDefaultLocale[] = "de-DE";

}  // namespace sockel::identity
