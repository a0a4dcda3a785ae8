#include "services/notification/provisioning/instance_store.h"

#include "common/pg/rows.h"

namespace sockel::notification::instance_store {
namespace {

constexpr pg::Query kFind = {"notification.instances.find", R"(
  SELECT tenant_id, instance_id, request_hash, sender_id, owns_sender, active, update_time
  FROM provisioned_instances WHERE instance_id = $1::uuid
  ORDER BY active DESC, update_time DESC LIMIT 1
)"};

constexpr pg::Query kInsert = {"notification.instances.insert", R"(
  INSERT INTO provisioned_instances AS i
    (tenant_id, instance_id, request_hash, sender_id, owns_sender, active, update_time)
  VALUES ($1, $2::uuid, $3::bytea, $4, $5, true, $6)
  ON CONFLICT (tenant_id, instance_id) DO UPDATE
  SET request_hash = excluded.request_hash, sender_id = excluded.sender_id,
      owns_sender = excluded.owns_sender, active = true, update_time = excluded.update_time
  WHERE NOT i.active
)"};

constexpr pg::Query kDeactivate = {"notification.instances.deactivate", R"(
  UPDATE provisioned_instances SET active = false, update_time = $3
  WHERE tenant_id = $1 AND instance_id = $2::uuid AND active
)"};

constexpr pg::Query kHolders = {"notification.instances.holders", R"(
  SELECT count(*) AS active, coalesce(bool_or(owns_sender), false) AS owners
  FROM provisioned_instances WHERE tenant_id = $1 AND sender_id = $2 AND active
)"};

}  // namespace

std::optional<Instance> Find(pg::Transaction& tx, const std::string& instance_id) {
  const pqxx::result rows = tx.Exec(kFind, instance_id);
  if (rows.empty()) return std::nullopt;
  const pqxx::row& row = rows[0];
  return Instance{.tenant = row["tenant_id"].as<std::string>(),
                  .instance_id = row["instance_id"].as<std::string>(),
                  .request_hash = pg::GetBytes(row["request_hash"]),
                  .sender_id = row["sender_id"].as<std::string>(),
                  .owns_sender = row["owns_sender"].as<bool>(),
                  .active = row["active"].as<bool>(),
                  .update_time = pg::GetTime(row["update_time"])};
}

bool Insert(pg::WriteTransaction& tx, const Instance& instance) {
  return tx.Exec(kInsert, tx.caller().tenant, instance.instance_id,
                 pg::Bytes{instance.request_hash}, instance.sender_id, instance.owns_sender,
                 tx.time())
             .affected_rows() == 1;
}

bool Deactivate(pg::WriteTransaction& tx, const std::string& instance_id) {
  return tx.Exec(kDeactivate, tx.caller().tenant, instance_id, tx.time()).affected_rows() == 1;
}

Holders HoldersOf(pg::Transaction& tx, const std::string& sender_id) {
  const pqxx::row row = tx.Exec(kHolders, tx.caller().tenant, sender_id)[0];
  return {row["active"].as<int>(), row["owners"].as<bool>()};
}

}  // namespace sockel::notification::instance_store
