#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/caller/caller.h"

namespace sockel::notification {

struct UserContact {
  std::string email_address;  // empty: has none, or none that mail can be sent to
  std::string display_name;   // one line
};

// Who users are. Thread-safe.
class UserDirectory {
 public:
  virtual ~UserDirectory() = default;
  // `user`: `tenants/smi/users/0190…`; `caller`: whose trace the question is part
  // of. NOT_FOUND when there is no such user; any other error: not known now.
  // Returns within seconds.
  virtual absl::StatusOr<UserContact> Find(const Caller& caller, const std::string& user) = 0;
};

}  // namespace sockel::notification
