#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/pg/database.h"
#include "sockel/identity/v1/user.pb.h"

// The users of the caller's tenant.
namespace sockel::identity::user_store {

std::optional<v1::User> Find(pg::Transaction& tx, std::string_view user);
// The same, locked until the transaction ends.
std::optional<v1::User> FindForUpdate(pg::WriteTransaction& tx, std::string_view user);
// By id, after `after`; `login` empty = any.
std::vector<v1::User> List(pg::Transaction& tx, std::string_view after, std::string_view login,
                           int limit);

struct Inserted {
  bool tenant_exists = false;
  // Nothing when the login is taken.
  std::optional<v1::User> user;
};
Inserted Insert(pg::WriteTransaction& tx, std::string_view user, const v1::User& values);
// Writes display name, e-mail, locale and state. The row exists.
v1::User Update(pg::WriteTransaction& tx, std::string_view user, const v1::User& changed);
void Delete(pg::WriteTransaction& tx, std::string_view user);

// Whether this user is tenant-admin or operator (`role`: only this one; empty:
// any of the two) and active, and nobody else is who could take over: has a
// password too, or at least as little as this user.
bool IsLastAdmin(pg::WriteTransaction& tx, std::string_view user, std::string_view role);

}  // namespace sockel::identity::user_store
