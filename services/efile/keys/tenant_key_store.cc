#include "services/efile/keys/tenant_key_store.h"

#include "common/pg/rows.h"

namespace sockel::efile {
namespace {

constexpr pg::Query kNewest{"tenant_keys.newest",
                            "SELECT version, wrapped_key FROM tenant_keys"
                            " WHERE tenant_id = $1::text ORDER BY version DESC LIMIT 1"};

constexpr pg::Query kGet{"tenant_keys.get",
                         "SELECT version, wrapped_key FROM tenant_keys"
                         " WHERE tenant_id = $1::text AND version = $2::int"};

constexpr pg::Query kInsertFirst{"tenant_keys.insert_first",
                                 "INSERT INTO tenant_keys (tenant_id, version, wrapped_key,"
                                 "  create_time)"
                                 " VALUES ($1::text, 1, $2::bytea, $3::timestamptz)"
                                 " ON CONFLICT DO NOTHING"};

std::optional<WrappedTenantKey> First(const pqxx::result& rows) {
  if (rows.empty()) return std::nullopt;
  return WrappedTenantKey{rows[0]["version"].as<int>(), pg::GetBytes(rows[0]["wrapped_key"])};
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

}  // namespace sockel::efile
