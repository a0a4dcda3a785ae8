#include "services/identity/role_bindings/role_binding_store.h"

#include "common/clock/timestamp.h"
#include "common/pg/rows.h"

namespace sockel::identity::role_binding_store {
namespace {

constexpr pg::Query kList{"identity.role_bindings.list", R"(
  SELECT tenant_id, role_binding_id, user_id, service_account_id, role, create_time
  FROM role_bindings
  WHERE tenant_id = $1 AND role_binding_id > $2
    AND ($3::text IS NULL OR user_id = $3) AND ($4::text IS NULL OR service_account_id = $4)
  ORDER BY role_binding_id LIMIT $5)"};

constexpr pg::Query kInsertForUser{"identity.role_bindings.insert_for_user", R"(
  WITH p AS (SELECT user_id FROM users WHERE tenant_id = $1 AND user_id = $3),
  b AS (
    INSERT INTO role_bindings (tenant_id, role_binding_id, user_id, role, create_time)
    SELECT $1, $2, p.user_id, $4, $5::timestamptz FROM p
    ON CONFLICT (tenant_id, user_id, role) DO NOTHING
    RETURNING *)
  SELECT b.tenant_id, b.role_binding_id, b.user_id, b.service_account_id, b.role, b.create_time
  FROM p LEFT JOIN b ON true)"};

constexpr pg::Query kInsertForAccount{"identity.role_bindings.insert_for_account", R"(
  WITH p AS (SELECT service_account_id FROM service_accounts
             WHERE tenant_id = $1 AND service_account_id = $3),
  b AS (
    INSERT INTO role_bindings (tenant_id, role_binding_id, service_account_id, role, create_time)
    SELECT $1, $2, p.service_account_id, $4, $5::timestamptz FROM p
    ON CONFLICT (tenant_id, service_account_id, role) DO NOTHING
    RETURNING *)
  SELECT b.tenant_id, b.role_binding_id, b.user_id, b.service_account_id, b.role, b.create_time
  FROM p LEFT JOIN b ON true)"};

constexpr pg::Query kFindForUpdate{"identity.role_bindings.find_for_update", R"(
  SELECT tenant_id, role_binding_id, user_id, service_account_id, role, create_time
  FROM role_bindings WHERE tenant_id = $1 AND role_binding_id = $2 FOR UPDATE)"};

constexpr pg::Query kDelete{
    "identity.role_bindings.delete",
    "DELETE FROM role_bindings WHERE tenant_id = $1 AND role_binding_id = $2"};

constexpr pg::Query kRolesOfUser{"identity.role_bindings.roles_of_user", R"(
  SELECT array(SELECT b.role FROM role_bindings b
               WHERE b.tenant_id = u.tenant_id AND b.user_id = u.user_id
                 AND u.state = 'ACTIVE' AND t.state = 'ACTIVE'
               ORDER BY b.role) AS roles
  FROM users u JOIN tenants t ON t.tenant_id = u.tenant_id
  WHERE u.tenant_id = $1 AND u.user_id = $2)"};

constexpr pg::Query kRolesOfAccount{"identity.role_bindings.roles_of_account", R"(
  SELECT array(SELECT b.role FROM role_bindings b
               WHERE b.tenant_id = a.tenant_id AND b.service_account_id = a.service_account_id
                 AND t.state = 'ACTIVE'
               ORDER BY b.role) AS roles
  FROM service_accounts a JOIN tenants t ON t.tenant_id = a.tenant_id
  WHERE a.tenant_id = $1 AND a.service_account_id = $2)"};

constexpr pg::Query kBoundTo{"identity.role_bindings.bound_to", R"(
  SELECT role FROM role_bindings
  WHERE tenant_id = $1 AND (user_id = $2 OR service_account_id = $3)
  ORDER BY role)"};

v1::RoleBinding FromRow(const pqxx::row& row) {
  v1::RoleBinding binding;
  const auto tenant = row["tenant_id"].as<std::string>();
  binding.set_name(RoleBindingName(tenant, row["role_binding_id"].as<std::string>()));
  binding.set_principal(
      row["user_id"].is_null()
          ? ServiceAccountName(tenant, row["service_account_id"].as<std::string>())
          : UserName(tenant, row["user_id"].as<std::string>()));
  binding.set_role(row["role"].as<std::string>());
  *binding.mutable_create_time() = ToTimestamp(pg::GetTime(row["create_time"]));
  return binding;
}

bool IsUser(const PrincipalName& principal) { return principal.kind == PrincipalName::Kind::kUser; }

}  // namespace

std::vector<v1::RoleBinding> List(pg::Transaction& tx, std::string_view after,
                                  const std::optional<PrincipalName>& principal, int limit) {
  std::optional<std::string> user;
  std::optional<std::string> account;
  if (principal.has_value()) (IsUser(*principal) ? user : account) = principal->id;
  std::vector<v1::RoleBinding> bindings;
  for (const pqxx::row& row : tx.Exec(kList, tx.caller().tenant, after, user, account, limit)) {
    bindings.push_back(FromRow(row));
  }
  return bindings;
}

Inserted Insert(pg::WriteTransaction& tx, std::string_view id, const PrincipalName& principal,
                std::string_view role) {
  const pqxx::result rows = tx.Exec(IsUser(principal) ? kInsertForUser : kInsertForAccount,
                                    tx.caller().tenant, id, principal.id, role, tx.time());
  Inserted inserted;
  if (rows.empty()) return inserted;
  inserted.principal_exists = true;
  if (!rows[0]["role_binding_id"].is_null()) inserted.binding = FromRow(rows[0]);
  return inserted;
}

std::optional<v1::RoleBinding> FindForUpdate(pg::WriteTransaction& tx, std::string_view id) {
  const pqxx::result rows = tx.Exec(kFindForUpdate, tx.caller().tenant, id);
  if (rows.empty()) return std::nullopt;
  return FromRow(rows[0]);
}

void Delete(pg::WriteTransaction& tx, std::string_view id) {
  tx.Exec(kDelete, tx.caller().tenant, id);
}

std::optional<std::vector<std::string>> RolesOf(pg::Transaction& tx,
                                                const PrincipalName& principal) {
  const pqxx::result rows =
      tx.Exec(IsUser(principal) ? kRolesOfUser : kRolesOfAccount, tx.caller().tenant, principal.id);
  if (rows.empty()) return std::nullopt;
  return pg::GetTexts(rows[0]["roles"]);
}

std::vector<std::string> BoundTo(pg::Transaction& tx, const PrincipalName& principal) {
  std::optional<std::string> user;
  std::optional<std::string> account;
  (IsUser(principal) ? user : account) = principal.id;
  std::vector<std::string> roles;
  for (const pqxx::row& row : tx.Exec(kBoundTo, tx.caller().tenant, user, account)) {
    roles.push_back(row[0].as<std::string>());
  }
  return roles;
}

}  // namespace sockel::identity::role_binding_store
