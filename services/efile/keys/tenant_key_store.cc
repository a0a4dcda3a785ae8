#include "services/efile/keys/tenant_key_store.h"

#include "common/pg/rows.h"

namespace sockel::efile {
namespace {

constexpr pg::Query kNewest{"tenant_keys.newest",
                            "SELECT tenant_id, version, wrapped_key FROM tenant_keys"
                            " WHERE tenant_id = $1::text ORDER BY version DESC LIMIT 1"};

constexpr pg::Query kGet{"tenant_keys.get",
                         "SELECT tenant_id, version, wrapped_key FROM tenant_keys"
                         " WHERE tenant_id = $1::text AND version = $2::int"};

constexpr pg::Query kInsertFirst{"tenant_keys.insert_first",
                                 "INSERT INTO tenant_keys (tenant_id, version, wrapped_key,"
                                 "  create_time)"
                                 " VALUES ($1::text, 1, $2::bytea, $3::timestamptz)"
                                 " ON CONFLICT DO NOTHING"};

constexpr pg::Query kListOldest{"tenant_keys.list_oldest",
                                "SELECT tenant_id, version, wrapped_key FROM tenant_keys"
                                " ORDER BY create_time, tenant_id, version LIMIT $1::int"};

constexpr pg::Query kMasterKeyCheck{"master_key_checks.get",
                                    "SELECT wrapped_key FROM master_key_checks"
                                    " WHERE tenant_id = '*'"};

constexpr pg::Query kInsertMasterKeyCheck{
    "master_key_checks.insert",
    "INSERT INTO master_key_checks (tenant_id, wrapped_key, create_time)"
    " VALUES ('*', $1::bytea, $2::timestamptz) ON CONFLICT DO NOTHING"};

WrappedTenantKey ToKey(const pqxx::row& row) {
  return {row["tenant_id"].as<std::string>(), row["version"].as<int>(),
          pg::GetBytes(row["wrapped_key"])};
}

std::optional<WrappedTenantKey> First(const pqxx::result& rows) {
  if (rows.empty()) return std::nullopt;
  return ToKey(rows[0]);
}

}  // namespace

std::optional<WrappedTenantKey> TenantKeyStore::Newest(pg::Transaction& tx,
                                                       const std::string& tenant) const {
  return First(tx.Exec(kNewest, tenant));
}

std::optional<WrappedTenantKey> TenantKeyStore::Get(pg::Transaction& tx, const std::string& tenant,
                                                    int version) const {
  return First(tx.Exec(kGet, tenant, version));
}

void TenantKeyStore::InsertFirst(pg::WriteTransaction& tx, const std::string& tenant,
                                 const std::string& wrapped) const {
  tx.Exec(kInsertFirst, tenant, pg::Bytes{wrapped}, tx.time());
}

std::vector<WrappedTenantKey> TenantKeyStore::ListOldest(pg::Transaction& tx, int limit) const {
  std::vector<WrappedTenantKey> keys;
  for (const pqxx::row& row : tx.Exec(kListOldest, limit)) keys.push_back(ToKey(row));
  return keys;
}

std::optional<std::string> TenantKeyStore::MasterKeyCheck(pg::Transaction& tx) const {
  const pqxx::result rows = tx.Exec(kMasterKeyCheck);
  if (rows.empty()) return std::nullopt;
  return pg::GetBytes(rows[0]["wrapped_key"]);
}

void TenantKeyStore::InsertMasterKeyCheck(pg::WriteTransaction& tx,
                                          const std::string& wrapped) const {
  tx.Exec(kInsertMasterKeyCheck, pg::Bytes{wrapped}, tx.time());
}

}  // namespace sockel::efile
