#include "services/identity/sign_in/session_store.h"

#include "absl/strings/str_split.h"
#include "common/clock/timestamp.h"
#include "common/pg/rows.h"
#include "services/identity/names/names.h"

namespace sockel::identity::session_store {
namespace {

constexpr pg::Query kInsert{"identity.sessions.insert", R"(
  INSERT INTO sessions (tenant_id, session_id, user_id, authentication_methods, refresh_hash,
                        generation, create_time, refresh_time, expire_time, idle_expire_time)
  SELECT u.tenant_id, $2, u.user_id, $4, $5::bytea, 1, $6::timestamptz, $6::timestamptz,
         $7::timestamptz, $8::timestamptz
  FROM users u JOIN tenants t ON t.tenant_id = u.tenant_id AND t.state = 'ACTIVE'
  WHERE u.tenant_id = $1 AND u.user_id = $3 AND u.state = 'ACTIVE' AND u.password_hash = $9
  FOR SHARE OF u
  RETURNING array(SELECT b.role FROM role_bindings b
                  WHERE b.tenant_id = sessions.tenant_id AND b.user_id = sessions.user_id
                  ORDER BY b.role) AS roles)"};

constexpr pg::Query kRotate{"identity.sessions.rotate", R"(
  WITH s AS (
    UPDATE sessions
    SET refresh_hash = $5::bytea, generation = generation + 1, refresh_time = $6::timestamptz,
        idle_expire_time = least(expire_time, $7::timestamptz)
    WHERE tenant_id = $1 AND session_id = $2 AND generation = $3 AND refresh_hash = $4::bytea
      AND revoke_time IS NULL AND idle_expire_time > $6::timestamptz
    RETURNING tenant_id, user_id, authentication_methods, create_time, expire_time)
  SELECT s.user_id, s.authentication_methods, s.create_time, s.expire_time,
         u.state = 'ACTIVE' AS user_active, t.state = 'ACTIVE' AS tenant_active,
         array(SELECT b.role FROM role_bindings b
               WHERE b.tenant_id = s.tenant_id AND b.user_id = s.user_id ORDER BY b.role) AS roles
  FROM s
  JOIN users u ON u.tenant_id = s.tenant_id AND u.user_id = s.user_id
  JOIN tenants t ON t.tenant_id = s.tenant_id)"};

constexpr pg::Query kFindLiveForUpdate{"identity.sessions.find_live_for_update", R"(
  SELECT s.user_id, s.authentication_methods, s.create_time, s.expire_time,
         s.refresh_hash, s.generation, s.refresh_time,
         u.state = 'ACTIVE' AS user_active, t.state = 'ACTIVE' AS tenant_active,
         array(SELECT b.role FROM role_bindings b
               WHERE b.tenant_id = s.tenant_id AND b.user_id = s.user_id ORDER BY b.role) AS roles
  FROM sessions s
  JOIN users u ON u.tenant_id = s.tenant_id AND u.user_id = s.user_id
  JOIN tenants t ON t.tenant_id = s.tenant_id
  WHERE s.tenant_id = $1 AND s.session_id = $2
    AND s.revoke_time IS NULL AND s.idle_expire_time > $3::timestamptz
  FOR UPDATE OF s)"};

constexpr pg::Query kFindForUpdate{"identity.sessions.find_for_update", R"(
  SELECT tenant_id, user_id, session_id, authentication_methods, create_time, refresh_time,
         expire_time, idle_expire_time, revoke_time
  FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND session_id = $3 FOR UPDATE)"};

constexpr pg::Query kRevoke{"identity.sessions.revoke", R"(
  UPDATE sessions SET revoke_time = $3::timestamptz
  WHERE tenant_id = $1 AND session_id = $2 AND revoke_time IS NULL)"};

// Those that have expired too: by another clock they may not have, and the last
// access token outlives the session.
constexpr pg::Query kRevokeAll{"identity.sessions.revoke_all", R"(
  UPDATE sessions SET revoke_time = $3::timestamptz
  WHERE tenant_id = $1 AND user_id = $2 AND revoke_time IS NULL
  RETURNING session_id)"};

constexpr pg::Query kListLive{"identity.sessions.list_live", R"(
  SELECT tenant_id, user_id, session_id, authentication_methods, create_time, refresh_time,
         expire_time, idle_expire_time, revoke_time
  FROM sessions
  WHERE tenant_id = $1 AND user_id = $2 AND ($3 = '' OR session_id < $3)
    AND revoke_time IS NULL AND idle_expire_time > $5::timestamptz
  ORDER BY session_id DESC LIMIT $4)"};

constexpr pg::Query kDeleteEnded{"identity.sessions.delete_ended",
                                 "DELETE FROM sessions WHERE expire_time < $1::timestamptz"};

Holder HolderFrom(const pqxx::row& row) {
  Holder holder;
  holder.user = row["user_id"].as<std::string>();
  holder.user_active = row["user_active"].as<bool>();
  holder.tenant_active = row["tenant_active"].as<bool>();
  holder.roles = pg::GetTexts(row["roles"]);
  holder.authentication_methods = row["authentication_methods"].as<std::string>();
  holder.create_time = pg::GetTime(row["create_time"]);
  holder.expire_time = pg::GetTime(row["expire_time"]);
  return holder;
}

v1::Session SessionFrom(const pqxx::row& row) {
  v1::Session session;
  session.set_name(SessionName(row["tenant_id"].as<std::string>(), row["user_id"].as<std::string>(),
                               row["session_id"].as<std::string>()));
  *session.mutable_create_time() = ToTimestamp(pg::GetTime(row["create_time"]));
  *session.mutable_last_use_time() = ToTimestamp(pg::GetTime(row["refresh_time"]));
  *session.mutable_expire_time() = ToTimestamp(pg::GetTime(row["idle_expire_time"]));
  if (auto time = pg::GetOptional<absl::Time>(row["revoke_time"])) {
    *session.mutable_revoke_time() = ToTimestamp(*time);
  }
  for (absl::string_view method :
       absl::StrSplit(row["authentication_methods"].c_str(), ' ', absl::SkipEmpty())) {
    session.add_authentication_methods(std::string(method));
  }
  return session;
}

}  // namespace

std::optional<std::vector<std::string>> Insert(pg::WriteTransaction& tx,
                                               const NewSession& session) {
  const pqxx::result rows =
      tx.Exec(kInsert, tx.caller().tenant, session.id, session.user, session.authentication_methods,
              pg::Bytes{session.refresh_hash}, tx.time(), session.expire_time,
              session.idle_expire_time, session.password_hash);
  if (rows.empty()) return std::nullopt;
  return pg::GetTexts(rows[0]["roles"]);
}

std::optional<Holder> Rotate(pg::WriteTransaction& tx, const Rotation& rotation) {
  const pqxx::result rows =
      tx.Exec(kRotate, tx.caller().tenant, rotation.session, rotation.generation,
              pg::Bytes{rotation.presented_hash}, pg::Bytes{rotation.successor_hash}, tx.time(),
              rotation.idle_expire_time);
  if (rows.empty()) return std::nullopt;
  return HolderFrom(rows[0]);
}

std::optional<Current> FindLiveForUpdate(pg::WriteTransaction& tx, std::string_view session) {
  const pqxx::result rows = tx.Exec(kFindLiveForUpdate, tx.caller().tenant, session, tx.time());
  if (rows.empty()) return std::nullopt;
  return Current{HolderFrom(rows[0]), pg::GetBytes(rows[0]["refresh_hash"]),
                 rows[0]["generation"].as<int>(), pg::GetTime(rows[0]["refresh_time"])};
}

std::optional<v1::Session> FindForUpdate(pg::WriteTransaction& tx, std::string_view user,
                                         std::string_view session) {
  const pqxx::result rows = tx.Exec(kFindForUpdate, tx.caller().tenant, user, session);
  if (rows.empty()) return std::nullopt;
  return SessionFrom(rows[0]);
}

void Revoke(pg::WriteTransaction& tx, std::string_view session) {
  tx.Exec(kRevoke, tx.caller().tenant, session, tx.time());
}

std::vector<std::string> RevokeAll(pg::WriteTransaction& tx, std::string_view user) {
  std::vector<std::string> sessions;
  for (const pqxx::row& row : tx.Exec(kRevokeAll, tx.caller().tenant, user, tx.time())) {
    sessions.push_back(row[0].as<std::string>());
  }
  return sessions;
}

std::vector<v1::Session> ListLive(pg::Transaction& tx, std::string_view user,
                                  std::string_view before, int limit, absl::Time now) {
  std::vector<v1::Session> sessions;
  for (const pqxx::row& row : tx.Exec(kListLive, tx.caller().tenant, user, before, limit, now)) {
    sessions.push_back(SessionFrom(row));
  }
  return sessions;
}

void DeleteEndedBefore(pg::WriteTransaction& tx, absl::Time time) { tx.Exec(kDeleteEnded, time); }

}  // namespace sockel::identity::session_store
