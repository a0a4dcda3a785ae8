#pragma once

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "common/pg/database.h"

// What signing in by password looks at, in the caller's tenant.
namespace sockel::identity::sign_in_store {

struct Account {
  // False when there is no such tenant, too.
  bool tenant_active = false;
  // Empty when nobody has the login.
  std::string user;
  bool user_active = false;
  std::string password_hash;
  // Sign-in is refused until then; in the past when it is not.
  absl::Time blocked_until = absl::InfinitePast();
  bool has_failures = false;
};
Account Find(pg::Transaction& tx, std::string_view login);

struct Failures {
  int count = 0;
  absl::Time blocked_until;
};
// Counts a failure, whether anybody has the login and whether there is such a
// tenant or not. From the fifth in a row on the login is blocked for 1 s, 2 s,
// 4 s … up to 15 minutes; a day without failures forgets them.
Failures RecordFailure(pg::WriteTransaction& tx, std::string_view login);
// At commit.
void ForgetFailures(pg::WriteTransaction& tx, std::string_view login);
// At commit.
void SetPasswordHash(pg::WriteTransaction& tx, std::string_view user, std::string_view hash);
// The same, but only while the user is active and has the password of
// `old_hash`: false when that has changed.
bool ReplacePasswordHash(pg::WriteTransaction& tx, std::string_view user, std::string_view old_hash,
                         std::string_view new_hash);

// Drops counters without a failure since `time`, in all tenants.
void DeleteFailuresBefore(pg::WriteTransaction& tx, absl::Time time);

}  // namespace sockel::identity::sign_in_store
