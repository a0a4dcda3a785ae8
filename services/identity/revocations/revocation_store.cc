#include "services/identity/revocations/revocation_store.h"

#include "common/pg/rows.h"

namespace sockel::identity::revocation_store {
namespace {

constexpr pg::Query kInsert{"identity.revocations.insert", R"(
  INSERT INTO revocations (tenant_id, revocation_id, subject, revoke_time, expire_time)
  VALUES ($1, $2, $3, $4::timestamptz, $5::timestamptz))"};

constexpr pg::Query kNotify{"identity.revocations.notify",
                            "SELECT pg_notify('identity_revocations', '')"};

constexpr pg::Query kReadFrom{"identity.revocations.read", R"(
  SELECT w.watermark, r.revocation_id, r.subject, r.revoke_time, r.expire_time,
         r.transaction_id::text AS transaction_id
  FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS watermark) w
  LEFT JOIN revocations r
    ON r.transaction_id >= $1::xid8 AND r.expire_time > $2::timestamptz
  ORDER BY r.transaction_id)"};

constexpr pg::Query kDeleteExpired{"identity.revocations.delete_expired",
                                   "DELETE FROM revocations WHERE expire_time <= $1::timestamptz"};

}  // namespace

void Insert(pg::WriteTransaction& tx, std::string_view id, std::string_view subject,
            absl::Time revoke_time, absl::Time expire_time) {
  tx.ExecAtCommit(kInsert, tx.caller().tenant, id, subject, revoke_time, expire_time);
  tx.ExecAtCommit(kNotify);
}

Batch ReadFrom(pg::Transaction& tx, uint64_t from, absl::Time now) {
  Batch batch;
  for (const pqxx::row& row : tx.Exec(kReadFrom, from, now)) {
    batch.watermark = row["watermark"].as<uint64_t>();
    if (row["revocation_id"].is_null()) continue;
    batch.rows.push_back({row["revocation_id"].as<std::string>(), row["subject"].as<std::string>(),
                          pg::GetTime(row["revoke_time"]), pg::GetTime(row["expire_time"]),
                          row["transaction_id"].as<uint64_t>()});
  }
  return batch;
}

void DeleteExpired(pg::WriteTransaction& tx, absl::Time now) { tx.Exec(kDeleteExpired, now); }

}  // namespace sockel::identity::revocation_store
