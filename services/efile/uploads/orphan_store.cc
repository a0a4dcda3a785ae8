#include "services/efile/uploads/orphan_store.h"

namespace sockel::efile {
namespace {

// The bytes of an upload are taken for removed only when a worker has said so:
// a part that a stream made after that is one more orphan.
constexpr pg::Query kListOrphans{
    "orphans.list",
    "SELECT f.id FROM unnest($2::uuid[]) AS f (id)"
    " WHERE NOT EXISTS (SELECT FROM contents c"
    "  WHERE c.tenant_id = $1::text AND c.content_id = f.id)"
    " AND NOT EXISTS (SELECT FROM uploads u"
    "  WHERE u.tenant_id = $1::text AND u.upload_id = f.id AND NOT u.bytes_removed)"};

constexpr pg::Query kCountContents{
    "orphans.count_contents",
    "SELECT count(*) FROM (SELECT FROM contents WHERE tenant_id = $1::text LIMIT $2::bigint) c"};

}  // namespace

std::vector<std::string> OrphanStore::ListOrphans(pg::Transaction& tx,
                                                  const std::vector<std::string>& ids) const {
  std::vector<std::string> orphans;
  for (const pqxx::row& row : tx.Exec(kListOrphans, tx.caller().tenant, ids)) {
    orphans.push_back(row["id"].as<std::string>());
  }
  return orphans;
}

std::int64_t OrphanStore::CountContents(pg::Transaction& tx, std::int64_t most) const {
  return tx.Exec(kCountContents, tx.caller().tenant, most)[0][0].as<std::int64_t>();
}

}  // namespace sockel::efile
