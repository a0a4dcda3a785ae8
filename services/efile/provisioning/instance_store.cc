#include "services/efile/provisioning/instance_store.h"

#include "common/pg/rows.h"

namespace sockel::efile {
namespace {

#define COLUMNS "tenant_id, parameters, state, update_time"

constexpr pg::Query kFind{"instances.find",
                          "SELECT " COLUMNS " FROM instances WHERE instance_id = $1::uuid LIMIT 1"};

constexpr pg::Query kUpsert{
    "instances.upsert",
    "INSERT INTO instances (tenant_id, instance_id, parameters, state, update_time)"
    " VALUES ($1::text, $2::uuid, $3::bytea, 'PROVISIONED', $4::timestamptz)"
    " ON CONFLICT (tenant_id, instance_id) DO UPDATE SET state = 'PROVISIONED',"
    "  update_time = excluded.update_time RETURNING " COLUMNS};

constexpr pg::Query kTakeBack{"instances.take_back",
                              "UPDATE instances SET state = 'DEPROVISIONED',"
                              "  update_time = $3::timestamptz"
                              " WHERE tenant_id = $1::text AND instance_id = $2::uuid"
                              " RETURNING " COLUMNS};

#undef COLUMNS

InstanceRow ToRow(const pqxx::row& row) {
  return {.tenant = row["tenant_id"].as<std::string>(),
          .parameters_hash = pg::GetBytes(row["parameters"]),
          .provisioned = row["state"].as<std::string>() == "PROVISIONED",
          .update_time = pg::GetTime(row["update_time"])};
}

}  // namespace

std::optional<InstanceRow> InstanceStore::Find(pg::Transaction& tx,
                                               const std::string& instance_id) const {
  const pqxx::result rows = tx.Exec(kFind, instance_id);
  if (rows.empty()) return std::nullopt;
  return ToRow(rows[0]);
}

InstanceRow InstanceStore::Upsert(pg::WriteTransaction& tx, const std::string& instance_id,
                                  const std::string& parameters_hash) const {
  return ToRow(
      tx.Exec(kUpsert, tx.caller().tenant, instance_id, pg::Bytes{parameters_hash}, tx.time())[0]);
}

InstanceRow InstanceStore::TakeBack(pg::WriteTransaction& tx,
                                    const std::string& instance_id) const {
  return ToRow(tx.Exec(kTakeBack, tx.caller().tenant, instance_id, tx.time())[0]);
}

}  // namespace sockel::efile
