#include "services/efile/uploads/upload_store.h"

#include "common/clock/timestamp.h"
#include "common/pg/rows.h"
#include "services/efile/convert.h"
#include "services/efile/names.h"

namespace sockel::efile {
namespace {

#define COLUMNS                                                                    \
  "tenant_id, upload_id, dossier_id, size, sha256, received, state, wrapped_key, " \
  "key_version, create_time, expire_time"

constexpr pg::Query kInsert{
    "uploads.insert",
    "WITH dossier AS (SELECT tenant_id, dossier_id FROM dossiers"
    "  WHERE tenant_id = $1::text AND dossier_id = $2::uuid AND state = 'OPEN' FOR SHARE)"
    " INSERT INTO uploads (tenant_id, upload_id, dossier_id, creator, size, sha256, state,"
    "  wrapped_key, key_version, create_time, expire_time)"
    " SELECT tenant_id, $3::uuid, dossier_id, $4::text, $5::bigint, $6::bytea, 'RECEIVING',"
    "  $7::bytea, $8::int, $9::timestamptz, $10::timestamptz FROM dossier RETURNING " COLUMNS};

#define OWN " WHERE tenant_id = $1::text AND upload_id = $2::uuid AND creator = $3::text"

constexpr pg::Query kGet{"uploads.get", "SELECT " COLUMNS " FROM uploads" OWN};

constexpr pg::Query kClaim{"uploads.claim",
                           "UPDATE uploads SET writer = $4::uuid, expire_time = $6::timestamptz" OWN
                           " AND state = 'RECEIVING' AND received = $5::bigint"
                           " RETURNING coalesce(received_by::text, '') AS received_by"};

// Recording the same again says nothing about who received the bytes.
constexpr pg::Query kProgress{
    "uploads.progress",
    "UPDATE uploads SET received = $5::bigint, expire_time = $6::timestamptz,"
    "  received_by = CASE WHEN received = $5::bigint THEN received_by ELSE writer END" OWN
    " AND writer = $4::uuid AND state = 'RECEIVING' RETURNING " COLUMNS};

constexpr pg::Query kComplete{
    "uploads.complete",
    "UPDATE uploads SET received = size, state = 'COMPLETE', media_type = $5::text,"
    "  writer = NULL, expire_time = $6::timestamptz" OWN
    " AND writer = $4::uuid AND state = 'RECEIVING' RETURNING " COLUMNS};

constexpr pg::Query kCancel{"uploads.cancel",
                            "UPDATE uploads SET state = 'CANCELLED', writer = NULL" OWN
                            " AND state IN ('RECEIVING', 'COMPLETE') RETURNING " COLUMNS};

#undef OWN
#undef COLUMNS

constexpr pg::Query kListOverdue{
    "uploads.list_overdue",
    "SELECT tenant_id, upload_id, expire_time FROM uploads"
    " WHERE state IN ('RECEIVING', 'COMPLETE') AND expire_time < $1::timestamptz"
    " ORDER BY expire_time LIMIT $2::int"};

constexpr pg::Query kExpire{
    "uploads.expire",
    "UPDATE uploads SET state = 'EXPIRED', writer = NULL"
    " WHERE tenant_id = $1::text AND upload_id = $2::uuid AND state IN ('RECEIVING', 'COMPLETE')"
    " AND expire_time < $3::timestamptz RETURNING upload_id"};

constexpr pg::Query kListWithBytesToRemove{
    "uploads.list_with_bytes_to_remove",
    "SELECT tenant_id, upload_id, expire_time FROM uploads"
    " WHERE state IN ('CANCELLED', 'EXPIRED') AND NOT bytes_removed"
    " AND (expire_time, upload_id) > ($1::timestamptz, $2::uuid)"
    " ORDER BY expire_time, upload_id LIMIT $3::int"};

constexpr pg::Query kMarkBytesRemoved{"uploads.mark_bytes_removed",
                                      "UPDATE uploads SET bytes_removed = true, wrapped_key = ''"
                                      " WHERE tenant_id = $1::text AND upload_id = $2::uuid"};

constexpr char kFirstId[] = "00000000-0000-0000-0000-000000000000";

UploadRow ToRow(const pqxx::row& row) {
  const auto tenant = row["tenant_id"].as<std::string>();
  UploadRow result;
  v1::Upload& upload = result.upload;
  upload.set_name(UploadName(tenant, row["upload_id"].as<std::string>()));
  upload.set_dossier(DossierName(tenant, row["dossier_id"].as<std::string>()));
  upload.set_size(row["size"].as<std::int64_t>());
  upload.set_sha256(pg::GetBytes(row["sha256"]));
  upload.set_received_size(row["received"].as<std::int64_t>());
  upload.set_state(
      EnumFrom<v1::Upload::State>(row["state"].as<std::string>(), &v1::Upload::State_Parse));
  *upload.mutable_create_time() = ToTimestamp(pg::GetTime(row["create_time"]));
  *upload.mutable_expire_time() = ToTimestamp(pg::GetTime(row["expire_time"]));
  result.key = {pg::GetBytes(row["wrapped_key"]), row["key_version"].as<int>()};
  return result;
}

std::optional<v1::Upload> First(const pqxx::result& rows) {
  if (rows.empty()) return std::nullopt;
  return ToRow(rows[0]).upload;
}

std::vector<UploadId> Ids(const pqxx::result& rows) {
  std::vector<UploadId> ids;
  for (const pqxx::row& row : rows) {
    ids.push_back({row["tenant_id"].as<std::string>(), row["upload_id"].as<std::string>(),
                   pg::GetTime(row["expire_time"])});
  }
  return ids;
}

}  // namespace

std::optional<v1::Upload> UploadStore::Insert(pg::WriteTransaction& tx,
                                              const NewUpload& upload) const {
  return First(tx.Exec(kInsert, tx.caller().tenant, upload.dossier_id, upload.id,
                       tx.caller().subject, upload.size, pg::Bytes{upload.sha256},
                       pg::Bytes{upload.key.wrapped}, upload.key.key_version, tx.time(),
                       upload.expire_time));
}

std::optional<UploadRow> UploadStore::Get(pg::Transaction& tx, const std::string& id) const {
  const pqxx::result rows = tx.Exec(kGet, tx.caller().tenant, id, tx.caller().subject);
  if (rows.empty()) return std::nullopt;
  return ToRow(rows[0]);
}

std::optional<std::string> UploadStore::Claim(pg::WriteTransaction& tx, const std::string& id,
                                              std::int64_t received, const std::string& writer,
                                              absl::Time expire_time) const {
  const pqxx::result rows =
      tx.Exec(kClaim, tx.caller().tenant, id, tx.caller().subject, writer, received, expire_time);
  if (rows.empty()) return std::nullopt;
  return rows[0]["received_by"].as<std::string>();
}

std::optional<v1::Upload> UploadStore::Progress(pg::WriteTransaction& tx, const std::string& id,
                                                const std::string& writer, std::int64_t received,
                                                absl::Time expire_time) const {
  return First(tx.Exec(kProgress, tx.caller().tenant, id, tx.caller().subject, writer, received,
                       expire_time));
}

std::optional<v1::Upload> UploadStore::Complete(pg::WriteTransaction& tx, const std::string& id,
                                                const std::string& writer,
                                                const std::string& media_type,
                                                absl::Time expire_time) const {
  return First(tx.Exec(kComplete, tx.caller().tenant, id, tx.caller().subject, writer, media_type,
                       expire_time));
}

std::optional<v1::Upload> UploadStore::Cancel(pg::WriteTransaction& tx,
                                              const std::string& id) const {
  return First(tx.Exec(kCancel, tx.caller().tenant, id, tx.caller().subject));
}

std::vector<UploadId> UploadStore::ListOverdue(pg::Transaction& tx, absl::Time now,
                                               int limit) const {
  return Ids(tx.Exec(kListOverdue, now, limit));
}

bool UploadStore::Expire(pg::WriteTransaction& tx, const std::string& id) const {
  return !tx.Exec(kExpire, tx.caller().tenant, id, tx.time()).empty();
}

std::vector<UploadId> UploadStore::ListWithBytesToRemove(pg::Transaction& tx,
                                                         const std::optional<UploadId>& after,
                                                         int limit) const {
  return Ids(tx.Exec(kListWithBytesToRemove, after ? after->expire_time : absl::InfinitePast(),
                     after ? after->id : std::string(kFirstId), limit));
}

void UploadStore::MarkBytesRemoved(pg::WriteTransaction& tx, const std::string& id) const {
  tx.ExecAtCommit(kMarkBytesRemoved, tx.caller().tenant, id);
}

}  // namespace sockel::efile
