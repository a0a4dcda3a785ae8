#include "services/identity/tenants/tenant_store.h"

#include "common/clock/timestamp.h"
#include "common/pg/rows.h"
#include "services/identity/names/names.h"

namespace sockel::identity::tenant_store {
namespace {

constexpr pg::Query kFind{"identity.tenants.find", R"(
  SELECT tenant_id, display_name, kind, state, revision, create_time, update_time
  FROM tenants WHERE tenant_id = $1)"};

constexpr pg::Query kFindForUpdate{"identity.tenants.find_for_update", R"(
  SELECT tenant_id, display_name, kind, state, revision, create_time, update_time
  FROM tenants WHERE tenant_id = $1 FOR UPDATE)"};

constexpr pg::Query kList{"identity.tenants.list", R"(
  SELECT tenant_id, display_name, kind, state, revision, create_time, update_time
  FROM tenants WHERE tenant_id > $1 ORDER BY tenant_id LIMIT $2)"};

constexpr pg::Query kInsert{"identity.tenants.insert", R"(
  INSERT INTO tenants (tenant_id, display_name, kind, state, create_time, update_time)
  VALUES ($1, $2, $3, 'ACTIVE', $4::timestamptz, $4::timestamptz)
  ON CONFLICT (tenant_id) DO NOTHING
  RETURNING tenant_id, display_name, kind, state, revision, create_time, update_time)"};

constexpr pg::Query kUpdate{"identity.tenants.update", R"(
  UPDATE tenants
  SET display_name = $2, state = $3, update_time = $4::timestamptz, revision = revision + 1
  WHERE tenant_id = $1
  RETURNING tenant_id, display_name, kind, state, revision, create_time, update_time)"};

constexpr pg::Query kDelete{"identity.tenants.delete", "DELETE FROM tenants WHERE tenant_id = $1"};

v1::Tenant FromRow(const pqxx::row& row) {
  v1::Tenant tenant;
  tenant.set_name(TenantName(row["tenant_id"].as<std::string>()));
  tenant.set_display_name(row["display_name"].as<std::string>());
  v1::Tenant::Kind kind = v1::Tenant::KIND_UNSPECIFIED;
  v1::Tenant::Kind_Parse(row["kind"].as<std::string>(), &kind);
  tenant.set_kind(kind);
  v1::Tenant::State state = v1::Tenant::STATE_UNSPECIFIED;
  v1::Tenant::State_Parse(row["state"].as<std::string>(), &state);
  tenant.set_state(state);
  tenant.set_etag(row["revision"].as<std::string>());
  *tenant.mutable_create_time() = ToTimestamp(pg::GetTime(row["create_time"]));
  *tenant.mutable_update_time() = ToTimestamp(pg::GetTime(row["update_time"]));
  return tenant;
}

std::optional<v1::Tenant> FirstOf(const pqxx::result& rows) {
  if (rows.empty()) return std::nullopt;
  return FromRow(rows[0]);
}

}  // namespace

std::optional<v1::Tenant> Find(pg::Transaction& tx, std::string_view tenant) {
  return FirstOf(tx.Exec(kFind, tenant));
}

std::optional<v1::Tenant> FindForUpdate(pg::WriteTransaction& tx, std::string_view tenant) {
  return FirstOf(tx.Exec(kFindForUpdate, tenant));
}

std::vector<v1::Tenant> List(pg::Transaction& tx, std::string_view after, int limit) {
  std::vector<v1::Tenant> tenants;
  for (const pqxx::row& row : tx.Exec(kList, after, limit)) tenants.push_back(FromRow(row));
  return tenants;
}

std::optional<v1::Tenant> Insert(pg::WriteTransaction& tx, std::string_view tenant,
                                 std::string_view display_name, v1::Tenant::Kind kind) {
  return FirstOf(tx.Exec(kInsert, tenant, display_name, v1::Tenant::Kind_Name(kind), tx.time()));
}

v1::Tenant Update(pg::WriteTransaction& tx, std::string_view tenant, const v1::Tenant& changed) {
  return FromRow(tx.Exec(kUpdate, tenant, changed.display_name(),
                         v1::Tenant::State_Name(changed.state()), tx.time())[0]);
}

void Delete(pg::WriteTransaction& tx, std::string_view tenant) { tx.Exec(kDelete, tenant); }

}  // namespace sockel::identity::tenant_store
