#include "services/notification/templates/template_store.h"

#include "common/pg/rows.h"

namespace sockel::notification::template_store {
namespace {

constexpr pg::Query kInsert = {"notification.templates.insert", R"(
  WITH template AS (
    INSERT INTO templates (tenant_id, template_id, display_name, latest_version, create_time, update_time)
    VALUES ($1, $2, $3, 1, $5, $5)
    ON CONFLICT DO NOTHING
    RETURNING tenant_id, template_id
  )
  INSERT INTO template_versions (tenant_id, template_id, version, content, create_time)
  SELECT tenant_id, template_id, 1, $4::bytea, $5 FROM template
)"};

constexpr pg::Query kInsertVersion = {"notification.templates.insert_version", R"(
  WITH template AS (
    UPDATE templates SET latest_version = latest_version + 1, update_time = $4
    WHERE tenant_id = $1 AND template_id = $2
    RETURNING tenant_id, template_id, latest_version
  )
  INSERT INTO template_versions (tenant_id, template_id, version, content, create_time)
  SELECT tenant_id, template_id, latest_version, $3::bytea, $4 FROM template
  RETURNING version
)"};

constexpr pg::Query kFind = {"notification.templates.find", R"(
  SELECT template_id, display_name, latest_version, create_time, update_time
  FROM templates WHERE tenant_id = $1 AND template_id = $2
)"};

constexpr pg::Query kFindVersion = {"notification.templates.find_version", R"(
  SELECT v.version, v.content, v.create_time
  FROM templates t
  JOIN template_versions v ON v.tenant_id = t.tenant_id AND v.template_id = t.template_id
   AND v.version = CASE WHEN $3 = 0 THEN t.latest_version ELSE $3 END
  WHERE t.tenant_id = $1 AND t.template_id = $2
)"};

constexpr pg::Query kList = {"notification.templates.list", R"(
  SELECT template_id, display_name, latest_version, create_time, update_time
  FROM templates WHERE tenant_id = $1 AND template_id > $2
  ORDER BY template_id LIMIT $3
)"};

StoredTemplate ToTemplate(const pqxx::row& row) {
  return {row["template_id"].as<std::string>(), row["display_name"].as<std::string>(),
          row["latest_version"].as<int>(), pg::GetTime(row["create_time"]),
          pg::GetTime(row["update_time"])};
}

}  // namespace

bool Insert(pg::WriteTransaction& tx, const std::string& template_id,
            const std::string& display_name, const v1::TemplateVersion& content) {
  const std::string bytes = content.SerializeAsString();
  return tx.Exec(kInsert, tx.caller().tenant, template_id, display_name, pg::Bytes{bytes},
                 tx.time())
             .affected_rows() == 1;
}

std::optional<int> InsertVersion(pg::WriteTransaction& tx, const std::string& template_id,
                                 const v1::TemplateVersion& content) {
  const std::string bytes = content.SerializeAsString();
  const pqxx::result rows =
      tx.Exec(kInsertVersion, tx.caller().tenant, template_id, pg::Bytes{bytes}, tx.time());
  if (rows.empty()) return std::nullopt;
  return rows[0]["version"].as<int>();
}

std::optional<StoredTemplate> Find(pg::Transaction& tx, const std::string& template_id) {
  const pqxx::result rows = tx.Exec(kFind, tx.caller().tenant, template_id);
  if (rows.empty()) return std::nullopt;
  return ToTemplate(rows[0]);
}

std::optional<StoredVersion> FindVersion(pg::Transaction& tx, const std::string& template_id,
                                         int version) {
  const pqxx::result rows = tx.Exec(kFindVersion, tx.caller().tenant, template_id, version);
  if (rows.empty()) return std::nullopt;
  StoredVersion found;
  found.version = rows[0]["version"].as<int>();
  found.create_time = pg::GetTime(rows[0]["create_time"]);
  found.content.ParseFromString(pg::GetBytes(rows[0]["content"]));
  return found;
}

std::vector<StoredTemplate> List(pg::Transaction& tx, const std::string& after, int limit) {
  std::vector<StoredTemplate> found;
  for (const pqxx::row& row : tx.Exec(kList, tx.caller().tenant, after, limit)) {
    found.push_back(ToTemplate(row));
  }
  return found;
}

}  // namespace sockel::notification::template_store
