#pragma once

#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "common/pg/database.h"
#include "sockel/identity/v1/access.pb.h"

namespace sockel::identity {

// Who am I, and may I; what AccessService documents. Thread-safe.
class Access {
 public:
  explicit Access(pg::Database& db) : db_(db) {}

  // No I/O.
  absl::StatusOr<v1::WhoAmIResponse> WhoAmI(const Caller& caller, const v1::WhoAmIRequest& request);
  absl::StatusOr<v1::CheckResponse> Check(const Caller& caller, const v1::CheckRequest& request);

 private:
  pg::Database& db_;
};

// The answer for a principal of `home_tenant` with these roles, on `resource`,
// which has a form that CheckRequest allows (empty: anything in its own tenant).
v1::CheckResponse Decide(const std::vector<std::string>& roles, const std::string& home_tenant,
                         const std::string& permission, const std::string& resource);

}  // namespace sockel::identity
