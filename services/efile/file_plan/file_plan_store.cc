#include "services/efile/file_plan/file_plan_store.h"

#include "common/clock/timestamp.h"
#include "common/pg/rows.h"
#include "services/efile/convert.h"
#include "services/efile/names.h"

namespace sockel::efile {
namespace {

#define COLUMNS                                                                          \
  "tenant_id, code, title, retention_years, disposition, state, revision, create_time, " \
  "update_time"

constexpr pg::Query kInsert{
    "file_plan_entries.insert",
    "INSERT INTO file_plan_entries (tenant_id, code, title, retention_years, disposition, state,"
    "  create_time, update_time)"
    " VALUES ($1::text, $2::text, $3::text, $4::int, $5::text, 'ACTIVE', $6::timestamptz,"
    "  $6::timestamptz)"
    " ON CONFLICT DO NOTHING RETURNING " COLUMNS};

constexpr pg::Query kGet{"file_plan_entries.get",
                         "SELECT " COLUMNS
                         " FROM file_plan_entries WHERE tenant_id = $1::text AND code = $2::text"};

constexpr pg::Query kGetForUpdate{
    "file_plan_entries.get_for_update",
    "SELECT " COLUMNS
    " FROM file_plan_entries WHERE tenant_id = $1::text AND code = $2::text FOR NO KEY UPDATE"};

constexpr pg::Query kList{"file_plan_entries.list",
                          "SELECT " COLUMNS
                          " FROM file_plan_entries WHERE tenant_id = $1::text AND code > $2::text"
                          " ORDER BY code LIMIT $3::int"};

constexpr pg::Query kRetire{"file_plan_entries.retire",
                            "UPDATE file_plan_entries SET state = 'RETIRED',"
                            "  revision = revision + 1, update_time = $3::timestamptz"
                            " WHERE tenant_id = $1::text AND code = $2::text RETURNING " COLUMNS};

#undef COLUMNS

v1::FilePlanEntry ToEntry(const pqxx::row& row) {
  v1::FilePlanEntry entry;
  entry.set_code(row["code"].as<std::string>());
  entry.set_name(FilePlanEntryName(row["tenant_id"].as<std::string>(), entry.code()));
  entry.set_title(row["title"].as<std::string>());
  *entry.mutable_retention() = RetentionOf(pg::GetOptional<int>(row["retention_years"]),
                                           row["disposition"].as<std::string>());
  entry.set_state(EnumFrom<v1::FilePlanEntry::State>(row["state"].as<std::string>(),
                                                     &v1::FilePlanEntry::State_Parse));
  *entry.mutable_create_time() = ToTimestamp(pg::GetTime(row["create_time"]));
  *entry.mutable_update_time() = ToTimestamp(pg::GetTime(row["update_time"]));
  entry.set_etag(row["revision"].as<std::string>());
  return entry;
}

std::optional<v1::FilePlanEntry> First(const pqxx::result& rows) {
  if (rows.empty()) return std::nullopt;
  return ToEntry(rows[0]);
}

}  // namespace

std::optional<v1::FilePlanEntry> FilePlanStore::Insert(pg::WriteTransaction& tx,
                                                       const std::string& code,
                                                       const v1::FilePlanEntry& entry) const {
  return First(tx.Exec(kInsert, tx.caller().tenant, code, entry.title(), YearsOf(entry.retention()),
                       v1::Retention::Disposition_Name(entry.retention().disposition()),
                       tx.time()));
}

std::optional<v1::FilePlanEntry> FilePlanStore::Get(pg::Transaction& tx,
                                                    const std::string& code) const {
  return First(tx.Exec(kGet, tx.caller().tenant, code));
}

std::optional<v1::FilePlanEntry> FilePlanStore::GetForUpdate(pg::WriteTransaction& tx,
                                                             const std::string& code) const {
  return First(tx.Exec(kGetForUpdate, tx.caller().tenant, code));
}

std::vector<v1::FilePlanEntry> FilePlanStore::List(pg::Transaction& tx, const std::string& after,
                                                   int limit) const {
  std::vector<v1::FilePlanEntry> entries;
  for (const pqxx::row& row : tx.Exec(kList, tx.caller().tenant, after, limit)) {
    entries.push_back(ToEntry(row));
  }
  return entries;
}

v1::FilePlanEntry FilePlanStore::Retire(pg::WriteTransaction& tx, const std::string& code) const {
  return ToEntry(tx.Exec(kRetire, tx.caller().tenant, code, tx.time())[0]);
}

}  // namespace sockel::efile
