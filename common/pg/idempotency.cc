#include "common/pg/idempotency.h"

#include "common/pg/idempotency_store.h"
#include "common/pg/rows.h"

namespace sockel::pg {
namespace {

constexpr Query kFind{"pg.idempotency_find",
                      "SELECT request_hash, response FROM idempotency_keys "
                      "WHERE tenant_id = $1 AND subject = $2 AND request_id = $3"};

constexpr Query kInsert{
    "pg.idempotency_insert",
    "INSERT INTO idempotency_keys "
    "(tenant_id, subject, request_id, method, request_hash, response, create_time) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7)"};

// A scan of the index; SKIP LOCKED lets replicas purge side by side.
constexpr Query kPurge{
    "pg.idempotency_purge",
    "WITH old AS (SELECT tenant_id, subject, request_id FROM idempotency_keys "
    "WHERE create_time < $1 ORDER BY create_time LIMIT $2 FOR UPDATE SKIP LOCKED) "
    "DELETE FROM idempotency_keys k USING old WHERE k.tenant_id = old.tenant_id "
    "AND k.subject = old.subject AND k.request_id = old.request_id"};

}  // namespace

std::optional<RecordedAnswer> FindAnswer(Transaction& tx) {
  const Caller& caller = tx.caller();
  const pqxx::result rows = tx.Exec(kFind, caller.tenant, caller.subject, caller.request_id);
  if (rows.empty()) return std::nullopt;
  return RecordedAnswer{GetBytes(rows[0]["request_hash"]), GetBytes(rows[0]["response"])};
}

void RecordAnswer(WriteTransaction& tx, std::string_view response) {
  const Caller& caller = tx.caller();
  tx.ExecAtCommit(kInsert, caller.tenant, caller.subject, caller.request_id, caller.method,
                  Bytes{caller.request_hash}, Bytes{response}, tx.time());
}

absl::StatusOr<std::int64_t> PurgeIdempotencyKeys(Database& database, absl::Time before,
                                                  int batch) {
  return database.Write(
      Caller::System("*"), "pg.idempotency_purge",
      [&](WriteTransaction& tx) -> absl::StatusOr<std::int64_t> {
        return static_cast<std::int64_t>(tx.Exec(kPurge, before, batch).affected_rows());
      });
}

}  // namespace sockel::pg
