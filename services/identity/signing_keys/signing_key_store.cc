#include "services/identity/signing_keys/signing_key_store.h"

#include "common/pg/rows.h"

namespace sockel::identity::signing_key_store {
namespace {

constexpr pg::Query kListLive{"identity.signing_keys.list_live", R"(
  SELECT key_id, sealed_jwk, sign_time, expire_time
  FROM signing_keys
  WHERE tenant_id = $1 AND (expire_time IS NULL OR expire_time > $2::timestamptz)
  ORDER BY sign_time, create_time)"};

constexpr pg::Query kInsert{"identity.signing_keys.insert", R"(
  INSERT INTO signing_keys (tenant_id, key_id, sealed_jwk, create_time, sign_time, expire_time)
  VALUES ($1, $2, $3::bytea, $4::timestamptz, $5::timestamptz, $6::timestamptz))"};

constexpr pg::Query kNotify{"identity.signing_keys.notify",
                            "SELECT pg_notify('identity_signing_keys', '')"};

constexpr pg::Query kRetireAll{"identity.signing_keys.retire_all",
                               "UPDATE signing_keys SET expire_time = $2::timestamptz "
                               "WHERE tenant_id = $1 AND expire_time IS NULL"};

constexpr pg::Query kRetire{"identity.signing_keys.retire",
                            "UPDATE signing_keys SET expire_time = $3::timestamptz "
                            "WHERE tenant_id = $1 AND key_id = ANY($2::text[])"};

constexpr pg::Query kDeleteExpired{
    "identity.signing_keys.delete_expired",
    "DELETE FROM signing_keys WHERE tenant_id = $1 AND expire_time <= $2::timestamptz"};

}  // namespace

std::vector<Row> ListLive(pg::Transaction& tx, absl::Time now) {
  std::vector<Row> keys;
  for (const pqxx::row& row : tx.Exec(kListLive, tx.caller().tenant, now)) {
    keys.push_back({row["key_id"].as<std::string>(), pg::GetBytes(row["sealed_jwk"]),
                    pg::GetTime(row["sign_time"]),
                    pg::GetOptional<absl::Time>(row["expire_time"])});
  }
  return keys;
}

void Insert(pg::WriteTransaction& tx, const Row& key) {
  tx.Exec(kInsert, tx.caller().tenant, key.key_id, pg::Bytes{key.sealed_jwk}, tx.time(),
          key.sign_time, key.expire_time);
  tx.ExecAtCommit(kNotify);
}

void RetireAll(pg::WriteTransaction& tx, absl::Time expire_time) {
  tx.Exec(kRetireAll, tx.caller().tenant, expire_time);
}

void Retire(pg::WriteTransaction& tx, const std::vector<std::string>& key_ids,
            absl::Time expire_time) {
  tx.Exec(kRetire, tx.caller().tenant, key_ids, expire_time);
}

void DeleteExpired(pg::WriteTransaction& tx, absl::Time now) {
  tx.Exec(kDeleteExpired, tx.caller().tenant, now);
}

}  // namespace sockel::identity::signing_key_store
