#include "services/efile/documents/document_store.h"

#include <vector>

#include "common/clock/timestamp.h"
#include "common/pg/rows.h"
#include "services/efile/convert.h"

namespace sockel::efile {
namespace {

#define COLUMNS                                                                             \
  "d.tenant_id, d.dossier_id, d.document_id, d.subject, d.document_type, d.document_date, " \
  "d.receive_date, d.send_date, d.sender, d.recipients, d.foreign_reference, d.file_name, " \
  "d.creator, d.revision, d.create_time, d.update_time, c.content_id, c.size, c.sha256, "   \
  "c.media_type"

// Parameters $1 tenant, $2 dossier, $3 document, $4 time, $5 creator, $6… the
// document's fields.
#define DOSSIER                                                               \
  "WITH dossier AS (SELECT tenant_id, dossier_id FROM dossiers"               \
  "  WHERE tenant_id = $1::text AND dossier_id = $2::uuid AND state = 'OPEN'" \
  "  FOR SHARE)"
#define INSERT_DOCUMENT                                                                     \
  ", d AS (INSERT INTO documents (tenant_id, dossier_id, document_id, content_id, subject," \
  "  document_type, document_date, receive_date, send_date, sender, recipients,"            \
  "  foreign_reference, file_name, creator, create_time, update_time)"                      \
  "  SELECT c.tenant_id, $2::uuid, $3::uuid, c.content_id, $6::text, $7::text, $8::date,"   \
  "  $9::date, $10::date, $11::text, $12::text[], $13::text, $14::text, $5::text,"          \
  "  $4::timestamptz, $4::timestamptz FROM c RETURNING *)"                                  \
  " SELECT " COLUMNS " FROM d, c"

constexpr pg::Query kInsert{
    "documents.insert", DOSSIER
    ", c AS (INSERT INTO contents (tenant_id, content_id, size, sha256, media_type, wrapped_key,"
    "  key_version, create_time)"
    "  SELECT tenant_id, $15::uuid, $16::bigint, $17::bytea, $18::text, $19::bytea, $20::int,"
    "  $4::timestamptz FROM dossier RETURNING *)" INSERT_DOCUMENT};

constexpr pg::Query kInsertFromUpload{
    "documents.insert_from_upload", DOSSIER
    ", upload AS (UPDATE uploads u SET state = 'FILED' FROM dossier"
    "  WHERE u.tenant_id = $1::text AND u.upload_id = $15::uuid AND u.creator = $5::text"
    "  AND u.dossier_id = dossier.dossier_id AND u.state = 'COMPLETE' RETURNING u.*)"
    ", c AS (INSERT INTO contents (tenant_id, content_id, size, sha256, media_type, wrapped_key,"
    "  key_version, create_time)"
    "  SELECT tenant_id, upload_id, size, sha256, media_type, wrapped_key, key_version,"
    "  $4::timestamptz FROM upload RETURNING *)" INSERT_DOCUMENT};

// Deleting the key in `contents` must make the content unreadable.
constexpr pg::Query kForgetUploadKey{
    "documents.forget_upload_key",
    "UPDATE uploads SET wrapped_key = '' WHERE tenant_id = $1::text AND upload_id = $2::uuid"
    " AND state = 'FILED'"};

#define FROM_JOINED \
  " FROM documents d JOIN contents c ON c.tenant_id = d.tenant_id AND c.content_id = d.content_id"

constexpr pg::Query kGet{"documents.get",
                         "SELECT " COLUMNS FROM_JOINED
                         " WHERE d.tenant_id = $1::text AND d.dossier_id = $2::uuid"
                         " AND d.document_id = $3::uuid"};

// What is beyond a page's size stays in the database: a thousand documents may
// have more recipients than a process has memory. `candidates` tells of them. One
// pass over the page, not a join with it: a new dossier's documents are more than
// the planner thinks, and it would look through the page for each.
constexpr pg::Query kList{
    "documents.list",
    "SELECT " COLUMNS
    ", d.candidates FROM ("
    "  SELECT page.*, sum(bytes) OVER (ORDER BY document_id) - bytes AS bytes_before,"
    "    count(*) OVER () AS candidates"
    "  FROM (SELECT *, octet_length(array_to_string(recipients, '')) AS bytes"
    "    FROM documents WHERE tenant_id = $1::text AND dossier_id = $2::uuid"
    "    AND document_id > $3::uuid ORDER BY document_id LIMIT $4::int) AS page) AS d"
    " JOIN contents c ON c.tenant_id = d.tenant_id AND c.content_id = d.content_id"
    " WHERE d.bytes_before < $5::bigint ORDER BY d.document_id"};

constexpr pg::Query kGetContent{
    "documents.get_content",
    "SELECT c.content_id, c.size, c.sha256, c.media_type, c.wrapped_key, c.key_version" FROM_JOINED
    " WHERE d.tenant_id = $1::text AND d.dossier_id = $2::uuid AND d.document_id = $3::uuid"};

#undef COLUMNS
#undef DOSSIER
#undef INSERT_DOCUMENT
#undef FROM_JOINED

constexpr char kFirstId[] = "00000000-0000-0000-0000-000000000000";

std::optional<absl::CivilDay> DayIf(bool given, const google::type::Date& date) {
  return given ? ToDay(date) : std::nullopt;
}

v1::Document ToDocument(const pqxx::row& row) {
  v1::Document document;
  document.set_name(DocumentName(row["tenant_id"].as<std::string>(),
                                 row["dossier_id"].as<std::string>(),
                                 row["document_id"].as<std::string>()));
  document.set_subject(row["subject"].as<std::string>());
  document.set_document_type(row["document_type"].as<std::string>());
  if (auto day = pg::GetOptional<absl::CivilDay>(row["document_date"])) {
    *document.mutable_document_date() = ToDate(*day);
  }
  if (auto day = pg::GetOptional<absl::CivilDay>(row["receive_date"])) {
    *document.mutable_receive_date() = ToDate(*day);
  }
  if (auto day = pg::GetOptional<absl::CivilDay>(row["send_date"])) {
    *document.mutable_send_date() = ToDate(*day);
  }
  document.set_sender(row["sender"].as<std::string>());
  for (std::string& name : pg::GetTexts(row["recipients"])) {
    document.add_recipients(std::move(name));
  }
  document.set_foreign_reference(row["foreign_reference"].as<std::string>());
  document.set_file_name(row["file_name"].as<std::string>());
  document.mutable_content()->set_media_type(row["media_type"].as<std::string>());
  document.mutable_content()->set_size(row["size"].as<std::int64_t>());
  document.mutable_content()->set_sha256(pg::GetBytes(row["sha256"]));
  document.set_creator(row["creator"].as<std::string>());
  *document.mutable_create_time() = ToTimestamp(pg::GetTime(row["create_time"]));
  *document.mutable_update_time() = ToTimestamp(pg::GetTime(row["update_time"]));
  document.set_etag(row["revision"].as<std::string>());
  return document;
}

std::optional<v1::Document> First(const pqxx::result& rows) {
  if (rows.empty()) return std::nullopt;
  return ToDocument(rows[0]);
}

// Runs one of the two inserts; `more` are the parameters from $15 on.
template <typename... More>
std::optional<v1::Document> RunInsert(pg::WriteTransaction& tx, const pg::Query& query,
                                      const DocumentKey& key, const v1::Document& document,
                                      const More&... more) {
  const std::vector<std::string> recipients(document.recipients().begin(),
                                            document.recipients().end());
  return First(tx.Exec(query, tx.caller().tenant, key.dossier_id, key.document_id, tx.time(),
                       tx.caller().subject, document.subject(), document.document_type(),
                       DayIf(document.has_document_date(), document.document_date()),
                       DayIf(document.has_receive_date(), document.receive_date()),
                       DayIf(document.has_send_date(), document.send_date()), document.sender(),
                       recipients, document.foreign_reference(), document.file_name(), more...));
}

}  // namespace

std::optional<v1::Document> DocumentStore::Insert(pg::WriteTransaction& tx, const DocumentKey& key,
                                                  const v1::Document& document,
                                                  const ContentRow& content) const {
  return RunInsert(tx, kInsert, key, document, content.id, content.size, pg::Bytes{content.sha256},
                   content.media_type, pg::Bytes{content.key.wrapped}, content.key.key_version);
}

std::optional<v1::Document> DocumentStore::InsertFromUpload(pg::WriteTransaction& tx,
                                                            const DocumentKey& key,
                                                            const v1::Document& document,
                                                            const std::string& upload_id) const {
  auto created = RunInsert(tx, kInsertFromUpload, key, document, upload_id);
  if (created) tx.ExecAtCommit(kForgetUploadKey, tx.caller().tenant, upload_id);
  return created;
}

std::optional<v1::Document> DocumentStore::Get(pg::Transaction& tx, const DocumentKey& key) const {
  return First(tx.Exec(kGet, tx.caller().tenant, key.dossier_id, key.document_id));
}

paging::Rows<v1::Document> DocumentStore::List(pg::Transaction& tx, const std::string& dossier_id,
                                               const std::string& after, int limit) const {
  const std::string first = after.empty() ? kFirstId : after;
  return paging::RowsOf(
      tx.Exec(kList, tx.caller().tenant, dossier_id, first, limit, paging::kPageBytes), ToDocument);
}

std::optional<ContentRow> DocumentStore::GetContent(pg::Transaction& tx,
                                                    const DocumentKey& key) const {
  const pqxx::result rows =
      tx.Exec(kGetContent, tx.caller().tenant, key.dossier_id, key.document_id);
  if (rows.empty()) return std::nullopt;
  const pqxx::row row = rows[0];
  return ContentRow{.id = row["content_id"].as<std::string>(),
                    .size = row["size"].as<std::int64_t>(),
                    .sha256 = pg::GetBytes(row["sha256"]),
                    .media_type = row["media_type"].as<std::string>(),
                    .key = {pg::GetBytes(row["wrapped_key"]), row["key_version"].as<int>()}};
}

}  // namespace sockel::efile
