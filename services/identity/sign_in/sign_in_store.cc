#include "services/identity/sign_in/sign_in_store.h"

#include "common/pg/rows.h"

namespace sockel::identity::sign_in_store {
namespace {

constexpr pg::Query kFind{"identity.sign_in.find", R"(
  SELECT coalesce(t.state = 'ACTIVE', false) AS tenant_active, u.user_id,
         u.state = 'ACTIVE' AS user_active, u.password_hash, g.blocked_until
  FROM (SELECT $1::text AS tenant_id, $2::text AS login) q
  LEFT JOIN tenants t ON t.tenant_id = q.tenant_id
  LEFT JOIN users u ON u.tenant_id = q.tenant_id AND u.login = q.login
  LEFT JOIN sign_in_guards g ON g.tenant_id = q.tenant_id AND g.login = q.login)"};

constexpr pg::Query kRecordFailure{"identity.sign_in.record_failure", R"(
  INSERT INTO sign_in_guards AS g (tenant_id, login, failures, blocked_until, last_failure_time)
  VALUES ($1, $2, 1, $3::timestamptz, $3::timestamptz)
  ON CONFLICT (tenant_id, login) DO UPDATE SET
    failures = CASE WHEN g.last_failure_time < $3::timestamptz - interval '1 day' THEN 1
                    ELSE g.failures + 1 END,
    blocked_until = CASE
      WHEN g.last_failure_time < $3::timestamptz - interval '1 day' OR g.failures + 1 < 5
        THEN $3::timestamptz
      ELSE $3::timestamptz + make_interval(secs => least(900, power(2, least(g.failures - 4, 20))))
      END,
    last_failure_time = $3::timestamptz
  RETURNING g.failures, g.blocked_until)"};

constexpr pg::Query kForgetFailures{
    "identity.sign_in.forget_failures",
    "DELETE FROM sign_in_guards WHERE tenant_id = $1 AND login = $2"};

constexpr pg::Query kSetPasswordHash{
    "identity.sign_in.set_password_hash",
    "UPDATE users SET password_hash = $3 WHERE tenant_id = $1 AND user_id = $2"};

constexpr pg::Query kReplacePasswordHash{"identity.sign_in.replace_password_hash", R"(
  UPDATE users SET password_hash = $4
  WHERE tenant_id = $1 AND user_id = $2 AND password_hash = $3 AND state = 'ACTIVE'
  RETURNING user_id)"};

constexpr pg::Query kDeleteFailures{
    "identity.sign_in.delete_failures",
    "DELETE FROM sign_in_guards WHERE last_failure_time < $1::timestamptz"};

}  // namespace

Account Find(pg::Transaction& tx, std::string_view login) {
  Account account;
  const pqxx::result rows = tx.Exec(kFind, tx.caller().tenant, login);
  const pqxx::row row = rows[0];
  account.tenant_active = row["tenant_active"].as<bool>();
  if (auto until = pg::GetOptional<absl::Time>(row["blocked_until"])) {
    account.blocked_until = *until;
    account.has_failures = true;
  }
  if (row["user_id"].is_null()) return account;
  account.user = row["user_id"].as<std::string>();
  account.user_active = row["user_active"].as<bool>();
  account.password_hash = pg::GetOptional<std::string>(row["password_hash"]).value_or("");
  return account;
}

Failures RecordFailure(pg::WriteTransaction& tx, std::string_view login) {
  const pqxx::result rows = tx.Exec(kRecordFailure, tx.caller().tenant, login, tx.time());
  return {rows[0]["failures"].as<int>(), pg::GetTime(rows[0]["blocked_until"])};
}

void ForgetFailures(pg::WriteTransaction& tx, std::string_view login) {
  tx.ExecAtCommit(kForgetFailures, tx.caller().tenant, login);
}

void SetPasswordHash(pg::WriteTransaction& tx, std::string_view user, std::string_view hash) {
  tx.ExecAtCommit(kSetPasswordHash, tx.caller().tenant, user, hash);
}

bool ReplacePasswordHash(pg::WriteTransaction& tx, std::string_view user, std::string_view old_hash,
                         std::string_view new_hash) {
  return !tx.Exec(kReplacePasswordHash, tx.caller().tenant, user, old_hash, new_hash).empty();
}

void DeleteFailuresBefore(pg::WriteTransaction& tx, absl::Time time) {
  tx.Exec(kDeleteFailures, time);
}

}  // namespace sockel::identity::sign_in_store
