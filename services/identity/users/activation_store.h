#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "common/pg/database.h"

// One-time codes with which users of the caller's tenant set a password.
namespace sockel::identity::activation_store {

// Replaces the user's code, if there is one.
void Put(pg::WriteTransaction& tx, std::string_view user, std::string_view code_hash,
         absl::Time expire_time);

struct Code {
  std::string user;
  bool user_active = false;
  std::string hash;
  absl::Time expire_time;
};
std::optional<Code> FindByLogin(pg::Transaction& tx, std::string_view login);

// Uses the code up and sets the password. False when the code is gone: used or
// replaced in the meantime.
bool Redeem(pg::WriteTransaction& tx, std::string_view user, std::string_view code_hash,
            std::string_view password_hash);

}  // namespace sockel::identity::activation_store
