#include "services/efile/dossiers/dossier_store.h"

#include "common/clock/timestamp.h"
#include "common/pg/rows.h"
#include "services/efile/convert.h"
#include "services/efile/names.h"

namespace sockel::efile {
namespace {

#define COLUMNS                                                                                \
  "tenant_id, dossier_id, code, reference, subject, confidentiality, state, retention_years, " \
  "disposition, close_time, retention_end, creator, revision, create_time, update_time"

// One statement: the counter's row stays locked for as short as it can be.
constexpr pg::Query kInsert{
    "dossiers.insert",
    "WITH entry AS ("
    "  SELECT tenant_id, code, retention_years, disposition FROM file_plan_entries"
    "  WHERE tenant_id = $1::text AND code = $3::text AND state = 'ACTIVE' FOR SHARE),"
    " counter AS ("
    "  INSERT INTO reference_counters AS c (tenant_id, code, year, last_number)"
    "  SELECT tenant_id, code, $4::int, 1 FROM entry"
    "  ON CONFLICT (tenant_id, code, year) DO UPDATE SET last_number = c.last_number + 1"
    "  RETURNING last_number)"
    " INSERT INTO dossiers (tenant_id, dossier_id, code, reference, subject, confidentiality,"
    "  state, retention_years, disposition, creator, create_time, update_time)"
    " SELECT tenant_id, $2::uuid, code, code || '/' || last_number || '/' || $4::int, $5::text,"
    "  $6::text, 'OPEN', retention_years, disposition, $7::text, $8::timestamptz, $8::timestamptz"
    " FROM entry, counter RETURNING " COLUMNS};

constexpr pg::Query kGet{"dossiers.get",
                         "SELECT " COLUMNS
                         " FROM dossiers WHERE tenant_id = $1::text AND dossier_id = $2::uuid"};

constexpr pg::Query kGetForUpdate{
    "dossiers.get_for_update",
    "SELECT " COLUMNS
    " FROM dossiers WHERE tenant_id = $1::text AND dossier_id = $2::uuid FOR NO KEY UPDATE"};

constexpr pg::Query kGetByReference{
    "dossiers.get_by_reference",
    "SELECT " COLUMNS " FROM dossiers WHERE tenant_id = $1::text AND reference = $2::text"};

#define LIST(WHERE, COMPARE, DIRECTION)                                                 \
  "SELECT " COLUMNS " FROM dossiers WHERE tenant_id = $1::text AND dossier_id " COMPARE \
  " $2::uuid " WHERE " ORDER BY dossier_id " DIRECTION " LIMIT $3::int"
#define BY_STATE " AND state = $4::text"
#define BY_ENTRY " AND code = $4::text"
#define BY_BOTH " AND code = $4::text AND state = $5::text"

constexpr pg::Query kNewest{"dossiers.list_newest", LIST("", "<", "DESC")};
constexpr pg::Query kNewestByState{"dossiers.list_newest_by_state", LIST(BY_STATE, "<", "DESC")};
constexpr pg::Query kNewestByEntry{"dossiers.list_newest_by_entry", LIST(BY_ENTRY, "<", "DESC")};
constexpr pg::Query kNewestByBoth{"dossiers.list_newest_by_entry_and_state",
                                  LIST(BY_BOTH, "<", "DESC")};
constexpr pg::Query kOldest{"dossiers.list_oldest", LIST("", ">", "ASC")};
constexpr pg::Query kOldestByState{"dossiers.list_oldest_by_state", LIST(BY_STATE, ">", "ASC")};
constexpr pg::Query kOldestByEntry{"dossiers.list_oldest_by_entry", LIST(BY_ENTRY, ">", "ASC")};
constexpr pg::Query kOldestByBoth{"dossiers.list_oldest_by_entry_and_state",
                                  LIST(BY_BOTH, ">", "ASC")};

constexpr pg::Query kUpdate{"dossiers.update",
                            "UPDATE dossiers SET subject = $3::text, confidentiality = $4::text,"
                            "  revision = revision + 1, update_time = $5::timestamptz"
                            " WHERE tenant_id = $1::text AND dossier_id = $2::uuid"
                            " RETURNING " COLUMNS};

constexpr pg::Query kClose{"dossiers.close",
                           "UPDATE dossiers SET state = 'CLOSED', close_time = $3::timestamptz,"
                           "  retention_end = $4::date, revision = revision + 1,"
                           "  update_time = $3::timestamptz"
                           " WHERE tenant_id = $1::text AND dossier_id = $2::uuid"
                           " RETURNING " COLUMNS};

#undef LIST
#undef BY_STATE
#undef BY_ENTRY
#undef BY_BOTH
#undef COLUMNS

constexpr pg::Query kDocumentsOf{"dossiers.documents_of",
                                 "SELECT count(*) AS count, max(create_time) AS newest"
                                 " FROM documents"
                                 " WHERE tenant_id = $1::text AND dossier_id = $2::uuid"};

constexpr pg::Query kUnfinishedUploads{
    "dossiers.unfinished_uploads",
    "SELECT upload_id, count(*) OVER () AS count FROM uploads"
    " WHERE tenant_id = $1::text AND dossier_id = $2::uuid"
    " AND state IN ('RECEIVING', 'COMPLETE') ORDER BY upload_id LIMIT $3::int"};

constexpr char kFirstId[] = "00000000-0000-0000-0000-000000000000";
constexpr char kLastId[] = "ffffffff-ffff-ffff-ffff-ffffffffffff";

v1::Dossier ToDossier(const pqxx::row& row) {
  const auto tenant = row["tenant_id"].as<std::string>();
  v1::Dossier dossier;
  dossier.set_name(DossierName(tenant, row["dossier_id"].as<std::string>()));
  dossier.set_file_plan_entry(FilePlanEntryName(tenant, row["code"].as<std::string>()));
  dossier.set_reference(row["reference"].as<std::string>());
  dossier.set_subject(row["subject"].as<std::string>());
  dossier.set_confidentiality(EnumFrom<v1::Dossier::Confidentiality>(
      row["confidentiality"].as<std::string>(), &v1::Dossier::Confidentiality_Parse));
  dossier.set_state(
      EnumFrom<v1::Dossier::State>(row["state"].as<std::string>(), &v1::Dossier::State_Parse));
  *dossier.mutable_retention() = RetentionOf(pg::GetOptional<int>(row["retention_years"]),
                                             row["disposition"].as<std::string>());
  if (auto closed = pg::GetOptional<absl::Time>(row["close_time"])) {
    *dossier.mutable_close_time() = ToTimestamp(*closed);
  }
  if (auto end = pg::GetOptional<absl::CivilDay>(row["retention_end"])) {
    *dossier.mutable_retention_end_date() = ToDate(*end);
  }
  dossier.set_creator(row["creator"].as<std::string>());
  *dossier.mutable_create_time() = ToTimestamp(pg::GetTime(row["create_time"]));
  *dossier.mutable_update_time() = ToTimestamp(pg::GetTime(row["update_time"]));
  dossier.set_etag(row["revision"].as<std::string>());
  return dossier;
}

std::optional<v1::Dossier> First(const pqxx::result& rows) {
  if (rows.empty()) return std::nullopt;
  return ToDossier(rows[0]);
}

pqxx::result RunList(pg::Transaction& tx, const DossierQuery& query) {
  const bool newest = query.order == DossierQuery::Order::kNewestFirst;
  const std::string& tenant = tx.caller().tenant;
  const std::string after = !query.after.empty() ? query.after : newest ? kLastId : kFirstId;
  const std::string state = query.state ? v1::Dossier::State_Name(*query.state) : "";
  if (query.code && query.state) {
    return tx.Exec(newest ? kNewestByBoth : kOldestByBoth, tenant, after, query.limit, *query.code,
                   state);
  }
  if (query.code) {
    return tx.Exec(newest ? kNewestByEntry : kOldestByEntry, tenant, after, query.limit,
                   *query.code);
  }
  if (query.state) {
    return tx.Exec(newest ? kNewestByState : kOldestByState, tenant, after, query.limit, state);
  }
  return tx.Exec(newest ? kNewest : kOldest, tenant, after, query.limit);
}

}  // namespace

std::optional<v1::Dossier> DossierStore::Insert(pg::WriteTransaction& tx,
                                                const NewDossier& dossier) const {
  const Caller& caller = tx.caller();
  return First(tx.Exec(kInsert, caller.tenant, dossier.id, dossier.code, dossier.year,
                       dossier.subject, v1::Dossier::Confidentiality_Name(dossier.confidentiality),
                       caller.subject, tx.time()));
}

std::optional<v1::Dossier> DossierStore::Get(pg::Transaction& tx, const std::string& id) const {
  return First(tx.Exec(kGet, tx.caller().tenant, id));
}

std::optional<v1::Dossier> DossierStore::GetForUpdate(pg::WriteTransaction& tx,
                                                      const std::string& id) const {
  return First(tx.Exec(kGetForUpdate, tx.caller().tenant, id));
}

std::vector<v1::Dossier> DossierStore::List(pg::Transaction& tx, const DossierQuery& query) const {
  std::vector<v1::Dossier> dossiers;
  for (const pqxx::row& row : RunList(tx, query)) dossiers.push_back(ToDossier(row));
  return dossiers;
}

std::optional<v1::Dossier> DossierStore::GetByReference(pg::Transaction& tx,
                                                        const std::string& reference) const {
  return First(tx.Exec(kGetByReference, tx.caller().tenant, reference));
}

v1::Dossier DossierStore::Update(pg::WriteTransaction& tx, const std::string& id,
                                 const v1::Dossier& dossier) const {
  return ToDossier(tx.Exec(kUpdate, tx.caller().tenant, id, dossier.subject(),
                           v1::Dossier::Confidentiality_Name(dossier.confidentiality()),
                           tx.time())[0]);
}

v1::Dossier DossierStore::Close(pg::WriteTransaction& tx, const std::string& id, absl::Time time,
                                std::optional<absl::CivilDay> retention_end) const {
  return ToDossier(tx.Exec(kClose, tx.caller().tenant, id, time, retention_end)[0]);
}

FiledDocuments DossierStore::DocumentsOf(pg::Transaction& tx, const std::string& id) const {
  const pqxx::row row = tx.Exec(kDocumentsOf, tx.caller().tenant, id)[0];
  FiledDocuments documents{.count = row["count"].as<std::int64_t>()};
  if (auto newest = pg::GetOptional<absl::Time>(row["newest"])) documents.newest = *newest;
  return documents;
}

UnfinishedUploads DossierStore::ListUnfinishedUploads(pg::Transaction& tx, const std::string& id,
                                                      int most) const {
  const std::string& tenant = tx.caller().tenant;
  UnfinishedUploads uploads;
  for (const pqxx::row& row : tx.Exec(kUnfinishedUploads, tenant, id, most)) {
    uploads.names.push_back(UploadName(tenant, row["upload_id"].as<std::string>()));
    uploads.count = row["count"].as<std::int64_t>();
  }
  return uploads;
}

}  // namespace sockel::efile
