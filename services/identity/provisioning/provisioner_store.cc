#include "services/identity/provisioning/provisioner_store.h"

#include "common/pg/rows.h"

namespace sockel::identity::provisioner_store {
namespace {

constexpr pg::Query kFind{"identity.provisioned_instances.find", R"(
  SELECT tenant_id, instance_id, parameters_hash, user_id, service_account_id, deprovisioned,
         update_time
  FROM provisioned_instances WHERE instance_id = $1)"};

constexpr pg::Query kInsert{"identity.provisioned_instances.insert", R"(
  INSERT INTO provisioned_instances (tenant_id, instance_id, parameters_hash, user_id,
                                     service_account_id, update_time)
  VALUES ($1, $2, $3::bytea, $4, $5, $6::timestamptz))"};

constexpr pg::Query kMarkDeprovisioned{"identity.provisioned_instances.mark_deprovisioned", R"(
  UPDATE provisioned_instances SET deprovisioned = true, update_time = $3::timestamptz
  WHERE tenant_id = $1 AND instance_id = $2)"};

constexpr pg::Query kDelete{
    "identity.provisioned_instances.delete",
    "DELETE FROM provisioned_instances WHERE tenant_id = $1 AND instance_id = $2"};

constexpr pg::Query kIsUntouched{"identity.provisioned_instances.is_untouched", R"(
  SELECT NOT EXISTS (SELECT FROM users WHERE tenant_id = $1 AND password_hash IS NOT NULL)
     AND NOT EXISTS (SELECT FROM service_accounts WHERE tenant_id = $1 AND used)
     AND (SELECT count(*) FROM users WHERE tenant_id = $1) <= 1
     AND (SELECT count(*) FROM service_accounts WHERE tenant_id = $1) <= 1)"};

}  // namespace

std::optional<Instance> Find(pg::Transaction& tx, std::string_view instance) {
  const pqxx::result rows = tx.Exec(kFind, instance);
  if (rows.empty()) return std::nullopt;
  const pqxx::row row = rows[0];
  return Instance{row["instance_id"].as<std::string>(),
                  row["tenant_id"].as<std::string>(),
                  pg::GetBytes(row["parameters_hash"]),
                  row["user_id"].as<std::string>(),
                  row["service_account_id"].as<std::string>(),
                  row["deprovisioned"].as<bool>(),
                  pg::GetTime(row["update_time"])};
}

void Insert(pg::WriteTransaction& tx, const Instance& instance) {
  tx.Exec(kInsert, tx.caller().tenant, instance.id, pg::Bytes{instance.parameters_hash},
          instance.user, instance.service_account, tx.time());
}

void MarkDeprovisioned(pg::WriteTransaction& tx, std::string_view instance) {
  tx.Exec(kMarkDeprovisioned, tx.caller().tenant, instance, tx.time());
}

void Delete(pg::WriteTransaction& tx, std::string_view instance) {
  tx.Exec(kDelete, tx.caller().tenant, instance);
}

bool IsUntouched(pg::WriteTransaction& tx) {
  return tx.Exec(kIsUntouched, tx.caller().tenant)[0][0].as<bool>();
}

}  // namespace sockel::identity::provisioner_store
