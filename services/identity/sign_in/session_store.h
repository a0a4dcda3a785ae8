#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/pg/database.h"
#include "sockel/identity/v1/authentication.pb.h"

// Sessions of the caller's tenant.
namespace sockel::identity::session_store {

struct NewSession {
  std::string id;
  std::string user;
  std::string authentication_methods;  // space-separated
  std::string refresh_hash;            // of the token of generation 1
  std::string password_hash;           // the one that was verified
  absl::Time expire_time;
  absl::Time idle_expire_time;
};
// The user's roles, as of now. Nothing when the tenant or the user is no longer
// active or the user has another password hash by now: whoever changes these ends
// the sessions that he finds, and this would not be among them.
[[nodiscard]] std::optional<std::vector<std::string>> Insert(pg::WriteTransaction& tx,
                                                             const NewSession& session);

// Who a session speaks for, as of now.
struct Holder {
  std::string user;
  bool user_active = false;
  bool tenant_active = false;
  std::vector<std::string> roles;
  std::string authentication_methods;
  absl::Time create_time;
  absl::Time expire_time;
};

struct Rotation {
  std::string session;
  // The token that was sent; its successor has the next generation.
  int generation = 0;
  std::string presented_hash;
  std::string successor_hash;
  absl::Time idle_expire_time;
};
// Puts the successor in the token's place, in one statement: of several
// attempts with the same token only one succeeds. Nothing when the session has
// ended or the token is not its current one.
std::optional<Holder> Rotate(pg::WriteTransaction& tx, const Rotation& rotation);

struct Current {
  Holder holder;
  std::string refresh_hash;
  int generation = 0;
  absl::Time refresh_time;
};
// The session, locked until the transaction ends; nothing when it has ended.
std::optional<Current> FindLiveForUpdate(pg::WriteTransaction& tx, std::string_view session);

std::optional<v1::Session> FindForUpdate(pg::WriteTransaction& tx, std::string_view user,
                                         std::string_view session);
void Revoke(pg::WriteTransaction& tx, std::string_view session);
// All of the user's that nobody has ended, expired ones too; their ids.
std::vector<std::string> RevokeAll(pg::WriteTransaction& tx, std::string_view user);

// Live ones, newest first, older than `before` (an id; empty = from the newest).
std::vector<v1::Session> ListLive(pg::Transaction& tx, std::string_view user,
                                  std::string_view before, int limit, absl::Time now);

// Drops those that ended before `time`, in all tenants.
void DeleteEndedBefore(pg::WriteTransaction& tx, absl::Time time);

}  // namespace sockel::identity::session_store
