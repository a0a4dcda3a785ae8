#include "services/identity/service_accounts/service_account_store.h"

#include "common/clock/timestamp.h"
#include "common/pg/rows.h"
#include "services/identity/names/names.h"

namespace sockel::identity::service_account_store {
namespace {

constexpr pg::Query kFind{"identity.service_accounts.find", R"(
  SELECT a.tenant_id, a.service_account_id, a.display_name, a.revision, a.create_time,
         a.update_time, k.key_id, k.public_jwk, k.expire_time AS key_expire_time,
         k.create_time AS key_create_time
  FROM service_accounts a
  LEFT JOIN service_account_keys k
    ON k.tenant_id = a.tenant_id AND k.service_account_id = a.service_account_id
  WHERE a.tenant_id = $1 AND a.service_account_id = $2
  ORDER BY k.create_time, k.key_id)"};

constexpr pg::Query kList{"identity.service_accounts.list", R"(
  SELECT a.tenant_id, a.service_account_id, a.display_name, a.revision, a.create_time,
         a.update_time, k.key_id, k.public_jwk, k.expire_time AS key_expire_time,
         k.create_time AS key_create_time
  FROM (SELECT * FROM service_accounts
        WHERE tenant_id = $1 AND service_account_id > $2
        ORDER BY service_account_id LIMIT $3) a
  LEFT JOIN service_account_keys k
    ON k.tenant_id = a.tenant_id AND k.service_account_id = a.service_account_id
  ORDER BY a.service_account_id, k.create_time, k.key_id)"};

constexpr pg::Query kInsert{"identity.service_accounts.insert", R"(
  WITH t AS (SELECT tenant_id FROM tenants WHERE tenant_id = $1),
  a AS (
    INSERT INTO service_accounts (tenant_id, service_account_id, display_name, create_time,
                                  update_time)
    SELECT t.tenant_id, $2, $3, $4::timestamptz, $4::timestamptz FROM t
    ON CONFLICT (tenant_id, service_account_id) DO NOTHING
    RETURNING service_account_id)
  SELECT a.service_account_id IS NOT NULL AS inserted FROM t LEFT JOIN a ON true)"};

constexpr pg::Query kDelete{
    "identity.service_accounts.delete",
    "DELETE FROM service_accounts WHERE tenant_id = $1 AND service_account_id = $2"};

constexpr pg::Query kLock{"identity.service_accounts.lock", R"(
  SELECT service_account_id FROM service_accounts
  WHERE tenant_id = $1 AND service_account_id = $2 FOR UPDATE)"};

constexpr pg::Query kTouch{"identity.service_accounts.touch", R"(
  UPDATE service_accounts SET revision = revision + 1, update_time = $3::timestamptz
  WHERE tenant_id = $1 AND service_account_id = $2)"};

constexpr pg::Query kInsertKey{"identity.service_account_keys.insert", R"(
  INSERT INTO service_account_keys (tenant_id, service_account_id, key_id, public_jwk,
                                    expire_time, create_time)
  VALUES ($1, $2, $3, $4, $5::timestamptz, $6::timestamptz)
  ON CONFLICT DO NOTHING
  RETURNING key_id)"};

constexpr pg::Query kDeleteKey{"identity.service_account_keys.delete", R"(
  WITH deleted AS (
    DELETE FROM service_account_keys
    WHERE tenant_id = $1 AND service_account_id = $2 AND key_id = $3
    RETURNING tenant_id, service_account_id, key_id)
  INSERT INTO removed_service_account_keys (tenant_id, service_account_id, key_id, remove_time)
  SELECT tenant_id, service_account_id, key_id, $4::timestamptz FROM deleted
  ON CONFLICT (tenant_id, service_account_id, key_id)
    DO UPDATE SET remove_time = excluded.remove_time
  RETURNING key_id)"};

constexpr pg::Query kWasRemoved{"identity.removed_service_account_keys.find", R"(
  SELECT key_id FROM removed_service_account_keys
  WHERE tenant_id = $1 AND service_account_id = $2 AND key_id = $3)"};

constexpr pg::Query kFindForSignIn{"identity.service_accounts.find_for_sign_in", R"(
  SELECT t.state = 'ACTIVE' AS tenant_active, a.used, k.key_id, k.public_jwk, k.expire_time,
         array(SELECT b.role FROM role_bindings b
               WHERE b.tenant_id = k.tenant_id AND b.service_account_id = k.service_account_id
               ORDER BY b.role) AS roles
  FROM service_account_keys k
  JOIN service_accounts a
    ON a.tenant_id = k.tenant_id AND a.service_account_id = k.service_account_id
  JOIN tenants t ON t.tenant_id = k.tenant_id
  WHERE k.tenant_id = $1 AND k.service_account_id = $2)"};

constexpr pg::Query kUseAssertion{"identity.used_assertions.insert", R"(
  INSERT INTO used_assertions (tenant_id, service_account_id, assertion_id, expire_time)
  VALUES ($1, $2, $3, $4::timestamptz)
  ON CONFLICT DO NOTHING
  RETURNING assertion_id)"};

constexpr pg::Query kDeleteExpired{
    "identity.used_assertions.delete_expired",
    "DELETE FROM used_assertions WHERE expire_time <= $1::timestamptz"};

constexpr pg::Query kMarkUsed{"identity.service_accounts.mark_used", R"(
  UPDATE service_accounts SET used = true
  WHERE tenant_id = $1 AND service_account_id = $2 AND NOT used)"};

v1::ServiceAccount AccountFrom(const pqxx::row& row) {
  v1::ServiceAccount account;
  account.set_name(ServiceAccountName(row["tenant_id"].as<std::string>(),
                                      row["service_account_id"].as<std::string>()));
  account.set_display_name(row["display_name"].as<std::string>());
  account.set_etag(row["revision"].as<std::string>());
  *account.mutable_create_time() = ToTimestamp(pg::GetTime(row["create_time"]));
  *account.mutable_update_time() = ToTimestamp(pg::GetTime(row["update_time"]));
  return account;
}

void AddKey(const pqxx::row& row, v1::ServiceAccount& account) {
  if (row["key_id"].is_null()) return;
  v1::ServiceAccount::Key& key = *account.add_keys();
  key.set_key_id(row["key_id"].as<std::string>());
  key.set_public_key_jwk(row["public_jwk"].as<std::string>());
  if (auto time = pg::GetOptional<absl::Time>(row["key_expire_time"])) {
    *key.mutable_expire_time() = ToTimestamp(*time);
  }
  *key.mutable_create_time() = ToTimestamp(pg::GetTime(row["key_create_time"]));
}

// One row per key, those of an account next to each other.
std::vector<v1::ServiceAccount> Collect(const pqxx::result& rows) {
  std::vector<v1::ServiceAccount> accounts;
  for (const pqxx::row& row : rows) {
    v1::ServiceAccount account = AccountFrom(row);
    if (accounts.empty() || accounts.back().name() != account.name()) {
      accounts.push_back(std::move(account));
    }
    AddKey(row, accounts.back());
  }
  return accounts;
}

}  // namespace

std::optional<v1::ServiceAccount> Find(pg::Transaction& tx, std::string_view account) {
  std::vector<v1::ServiceAccount> found = Collect(tx.Exec(kFind, tx.caller().tenant, account));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<v1::ServiceAccount> List(pg::Transaction& tx, std::string_view after, int limit) {
  return Collect(tx.Exec(kList, tx.caller().tenant, after, limit));
}

Insertion Insert(pg::WriteTransaction& tx, std::string_view account,
                 std::string_view display_name) {
  const pqxx::result rows = tx.Exec(kInsert, tx.caller().tenant, account, display_name, tx.time());
  if (rows.empty()) return Insertion::kNoTenant;
  return rows[0]["inserted"].as<bool>() ? Insertion::kDone : Insertion::kExists;
}

void Delete(pg::WriteTransaction& tx, std::string_view account) {
  tx.Exec(kDelete, tx.caller().tenant, account);
}

bool Lock(pg::WriteTransaction& tx, std::string_view account) {
  return !tx.Exec(kLock, tx.caller().tenant, account).empty();
}

void Touch(pg::WriteTransaction& tx, std::string_view account) {
  tx.Exec(kTouch, tx.caller().tenant, account, tx.time());
}

bool InsertKey(pg::WriteTransaction& tx, std::string_view account, std::string_view key_id,
               std::string_view public_jwk, std::optional<absl::Time> expire_time) {
  return !tx.Exec(kInsertKey, tx.caller().tenant, account, key_id, public_jwk, expire_time,
                  tx.time())
              .empty();
}

bool DeleteKey(pg::WriteTransaction& tx, std::string_view account, std::string_view key_id) {
  return !tx.Exec(kDeleteKey, tx.caller().tenant, account, key_id, tx.time()).empty();
}

bool WasRemoved(pg::Transaction& tx, std::string_view account, std::string_view key_id) {
  return !tx.Exec(kWasRemoved, tx.caller().tenant, account, key_id).empty();
}

SignInView FindForSignIn(pg::Transaction& tx, std::string_view account) {
  SignInView view;
  for (const pqxx::row& row : tx.Exec(kFindForSignIn, tx.caller().tenant, account)) {
    view.tenant_active = row["tenant_active"].as<bool>();
    view.used = row["used"].as<bool>();
    view.roles = pg::GetTexts(row["roles"]);
    view.keys.push_back(
        {row["key_id"].as<std::string>(), row["public_jwk"].as<std::string>(),
         pg::GetOptional<absl::Time>(row["expire_time"]).value_or(absl::InfiniteFuture())});
  }
  return view;
}

bool UseAssertion(pg::WriteTransaction& tx, std::string_view account, std::string_view assertion,
                  absl::Time expire_time) {
  return !tx.Exec(kUseAssertion, tx.caller().tenant, account, assertion, expire_time).empty();
}

void DeleteExpiredAssertions(pg::WriteTransaction& tx, absl::Time now) {
  tx.Exec(kDeleteExpired, now);
}

void MarkUsed(pg::WriteTransaction& tx, std::string_view account) {
  tx.ExecAtCommit(kMarkUsed, tx.caller().tenant, account);
}

}  // namespace sockel::identity::service_account_store
