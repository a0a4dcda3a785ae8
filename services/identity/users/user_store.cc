#include "services/identity/users/user_store.h"

#include "common/clock/timestamp.h"
#include "common/pg/rows.h"
#include "services/identity/names/names.h"

namespace sockel::identity::user_store {
namespace {

constexpr pg::Query kFind{"identity.users.find", R"(
  SELECT u.tenant_id, u.user_id, u.login, u.display_name, u.email, u.locale, u.state,
         u.password_hash IS NOT NULL AS activated, u.revision, u.create_time, u.update_time,
         coalesce(g.failures, 0) AS failures, g.blocked_until
  FROM users u LEFT JOIN sign_in_guards g ON g.tenant_id = u.tenant_id AND g.login = u.login
  WHERE u.tenant_id = $1 AND u.user_id = $2)"};

constexpr pg::Query kFindForUpdate{"identity.users.find_for_update", R"(
  SELECT u.tenant_id, u.user_id, u.login, u.display_name, u.email, u.locale, u.state,
         u.password_hash IS NOT NULL AS activated, u.revision, u.create_time, u.update_time,
         coalesce(g.failures, 0) AS failures, g.blocked_until
  FROM users u LEFT JOIN sign_in_guards g ON g.tenant_id = u.tenant_id AND g.login = u.login
  WHERE u.tenant_id = $1 AND u.user_id = $2
  FOR UPDATE OF u)"};

constexpr pg::Query kList{"identity.users.list", R"(
  SELECT u.tenant_id, u.user_id, u.login, u.display_name, u.email, u.locale, u.state,
         u.password_hash IS NOT NULL AS activated, u.revision, u.create_time, u.update_time,
         coalesce(g.failures, 0) AS failures, g.blocked_until
  FROM users u LEFT JOIN sign_in_guards g ON g.tenant_id = u.tenant_id AND g.login = u.login
  WHERE u.tenant_id = $1 AND u.user_id > $2
  ORDER BY u.user_id LIMIT $3)"};

constexpr pg::Query kListByLogin{"identity.users.list_by_login", R"(
  SELECT u.tenant_id, u.user_id, u.login, u.display_name, u.email, u.locale, u.state,
         u.password_hash IS NOT NULL AS activated, u.revision, u.create_time, u.update_time,
         coalesce(g.failures, 0) AS failures, g.blocked_until
  FROM users u LEFT JOIN sign_in_guards g ON g.tenant_id = u.tenant_id AND g.login = u.login
  WHERE u.tenant_id = $1 AND u.user_id > $2 AND u.login = $3)"};

constexpr pg::Query kInsert{"identity.users.insert", R"(
  WITH t AS (SELECT tenant_id FROM tenants WHERE tenant_id = $1),
  u AS (
    INSERT INTO users (tenant_id, user_id, login, display_name, email, locale, state,
                       create_time, update_time)
    SELECT t.tenant_id, $2, $3, $4, $5, $6, 'ACTIVE', $7::timestamptz, $7::timestamptz FROM t
    ON CONFLICT (tenant_id, login) DO NOTHING
    RETURNING *)
  SELECT t.tenant_id, u.user_id, u.login, u.display_name, u.email, u.locale, u.state,
         false AS activated, u.revision, u.create_time, u.update_time,
         0 AS failures, NULL::timestamptz AS blocked_until
  FROM t LEFT JOIN u ON true)"};

constexpr pg::Query kUpdate{"identity.users.update", R"(
  WITH u AS (
    UPDATE users
    SET display_name = $3, email = $4, locale = $5, state = $6, update_time = $7::timestamptz,
        revision = revision + 1
    WHERE tenant_id = $1 AND user_id = $2
    RETURNING *)
  SELECT u.tenant_id, u.user_id, u.login, u.display_name, u.email, u.locale, u.state,
         u.password_hash IS NOT NULL AS activated, u.revision, u.create_time, u.update_time,
         coalesce(g.failures, 0) AS failures, g.blocked_until
  FROM u LEFT JOIN sign_in_guards g ON g.tenant_id = u.tenant_id AND g.login = u.login)"};

constexpr pg::Query kDelete{"identity.users.delete",
                            "DELETE FROM users WHERE tenant_id = $1 AND user_id = $2"};

constexpr pg::Query kIsLastAdmin{"identity.users.is_last_admin", R"(
  WITH admins AS (
    SELECT b.role, u.user_id, u.password_hash IS NOT NULL AS has_password
    FROM role_bindings b JOIN users u ON u.tenant_id = b.tenant_id AND u.user_id = b.user_id
    WHERE b.tenant_id = $1 AND b.role IN ('tenant-admin', 'operator')
      AND ($3::text = '' OR b.role = $3) AND u.state = 'ACTIVE')
  SELECT EXISTS (
    SELECT FROM admins a
    WHERE a.user_id = $2
      AND NOT EXISTS (SELECT FROM admins o
                      WHERE o.role = a.role AND o.user_id <> $2
                        AND (o.has_password OR NOT a.has_password))))"};

v1::User FromRow(const pqxx::row& row) {
  v1::User user;
  user.set_name(UserName(row["tenant_id"].as<std::string>(), row["user_id"].as<std::string>()));
  user.set_login(row["login"].as<std::string>());
  user.set_display_name(row["display_name"].as<std::string>());
  user.set_email_address(row["email"].as<std::string>());
  user.set_locale(row["locale"].as<std::string>());
  v1::User::State state = v1::User::STATE_UNSPECIFIED;
  v1::User::State_Parse(row["state"].as<std::string>(), &state);
  user.set_state(state);
  user.set_activated(row["activated"].as<bool>());
  user.set_failed_sign_in_count(row["failures"].as<int>());
  if (auto until = pg::GetOptional<absl::Time>(row["blocked_until"])) {
    *user.mutable_sign_in_blocked_until() = ToTimestamp(*until);
  }
  *user.mutable_create_time() = ToTimestamp(pg::GetTime(row["create_time"]));
  *user.mutable_update_time() = ToTimestamp(pg::GetTime(row["update_time"]));
  user.set_etag(row["revision"].as<std::string>());
  return user;
}

std::optional<v1::User> FirstOf(const pqxx::result& rows) {
  if (rows.empty()) return std::nullopt;
  return FromRow(rows[0]);
}

}  // namespace

std::optional<v1::User> Find(pg::Transaction& tx, std::string_view user) {
  return FirstOf(tx.Exec(kFind, tx.caller().tenant, user));
}

std::optional<v1::User> FindForUpdate(pg::WriteTransaction& tx, std::string_view user) {
  return FirstOf(tx.Exec(kFindForUpdate, tx.caller().tenant, user));
}

std::vector<v1::User> List(pg::Transaction& tx, std::string_view after, std::string_view login,
                           int limit) {
  const std::string& tenant = tx.caller().tenant;
  const pqxx::result rows = login.empty() ? tx.Exec(kList, tenant, after, limit)
                                          : tx.Exec(kListByLogin, tenant, after, login);
  std::vector<v1::User> users;
  for (const pqxx::row& row : rows) users.push_back(FromRow(row));
  return users;
}

Inserted Insert(pg::WriteTransaction& tx, std::string_view user, const v1::User& values) {
  const pqxx::result rows =
      tx.Exec(kInsert, tx.caller().tenant, user, values.login(), values.display_name(),
              values.email_address(), values.locale(), tx.time());
  Inserted inserted;
  if (rows.empty()) return inserted;
  inserted.tenant_exists = true;
  if (!rows[0]["user_id"].is_null()) inserted.user = FromRow(rows[0]);
  return inserted;
}

v1::User Update(pg::WriteTransaction& tx, std::string_view user, const v1::User& changed) {
  return FromRow(tx.Exec(kUpdate, tx.caller().tenant, user, changed.display_name(),
                         changed.email_address(), changed.locale(),
                         v1::User::State_Name(changed.state()), tx.time())[0]);
}

void Delete(pg::WriteTransaction& tx, std::string_view user) {
  tx.Exec(kDelete, tx.caller().tenant, user);
}

bool IsLastAdmin(pg::WriteTransaction& tx, std::string_view user, std::string_view role) {
  return tx.Exec(kIsLastAdmin, tx.caller().tenant, user, role)[0][0].as<bool>();
}

}  // namespace sockel::identity::user_store
