#include "common/ledger/sequencer_store.h"

#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "common/pg/rows.h"

namespace sockel::ledger {
namespace {

// An arbitrary number that nothing else in a service's database locks. What
// follows looks into a queue by its key; whoever believes it small would read and
// sort the whole of it, with the rows that went and were not vacuumed yet.
constexpr pg::Query kLead{"ledger_lead",
                          "SELECT pg_try_advisory_xact_lock(7236281940115027713) AS leader,"
                          " set_config('enable_seqscan', 'off', true),"
                          " set_config('enable_bitmapscan', 'off', true)"};

// The recursion finds the tenants with pending entries by one index probe each.
constexpr pg::Query kHeads{
    "ledger_heads",
    "WITH RECURSIVE tenants AS ("
    "  (SELECT tenant_id FROM ledger_pending ORDER BY tenant_id LIMIT 1)"
    "  UNION ALL "
    "  SELECT (SELECT p.tenant_id FROM ledger_pending p WHERE p.tenant_id > t.tenant_id"
    "          ORDER BY p.tenant_id LIMIT 1)"
    "  FROM tenants t WHERE t.tenant_id IS NOT NULL"
    ") "
    "SELECT t.tenant_id, coalesce(c.tree_size, 0) AS tree_size, coalesce(c.frontier, '') AS "
    "  frontier, coalesce(c.note, '') AS note,"
    "  coalesce((SELECT e.index FROM ledger_entries e WHERE e.tenant_id = t.tenant_id"
    "            ORDER BY e.index DESC LIMIT 1), -1) AS last_index "
    "FROM tenants t LEFT JOIN ledger_checkpoints c ON c.tenant_id = t.tenant_id "
    "WHERE t.tenant_id IS NOT NULL"};

// Hashing happens where the bytes are: leaves do not travel. Rows go by their
// place in the table, which nothing else changes: joined by their key they would
// be looked for among all those that went before.
constexpr pg::Query kPlace{
    "ledger_place",
    "WITH picked AS MATERIALIZED ("
    "  SELECT p.*, coalesce(c.tree_size, 0) - 1"
    "    + row_number() OVER (PARTITION BY p.tenant_id ORDER BY p.xid, p.position) AS index"
    "  FROM (SELECT q.* FROM unnest($2::text[]) AS t (tenant_id)"
    "        CROSS JOIN LATERAL (SELECT o.ctid AS place, o.* FROM ledger_pending o"
    "                            WHERE o.tenant_id = t.tenant_id"
    "                            ORDER BY o.xid, o.position LIMIT $1) q"
    "        LIMIT 50000) p"  // one transaction ends in good time even after an outage
    "  LEFT JOIN ledger_checkpoints c ON c.tenant_id = p.tenant_id"
    "), gone AS ("
    "  DELETE FROM ledger_pending p USING picked k WHERE p.ctid = k.place"
    "), placed AS ("
    "  INSERT INTO ledger_entries (tenant_id, index, leaf, leaf_hash, resource)"
    "  SELECT tenant_id, index, leaf, sha256('\\x00'::bytea || leaf), resource FROM picked"
    "  RETURNING tenant_id, index, leaf_hash"
    ") "
    "SELECT tenant_id, index, leaf_hash, (SELECT min(time) FROM picked) AS oldest "
    "FROM placed ORDER BY tenant_id, index"};

// A node that is there already was not written by us: the log grew from a head
// that we signed. What it planted must not hold up the other logs.
constexpr pg::Query kInsertNodes{
    "ledger_insert_nodes",
    "INSERT INTO ledger_nodes (tenant_id, level, index, hash) "
    "SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bytea[]) "
    "ON CONFLICT (tenant_id, level, index) DO UPDATE SET hash = excluded.hash"};

constexpr pg::Query kStoreHeads{
    "ledger_store_heads",
    "INSERT INTO ledger_checkpoints (tenant_id, tree_size, root_hash, frontier, note, update_time) "
    "SELECT *, $6::timestamptz "
    "FROM unnest($1::text[], $2::bigint[], $3::bytea[], $4::bytea[], $5::text[]) "
    "ON CONFLICT (tenant_id) DO UPDATE SET tree_size = excluded.tree_size, "
    "  root_hash = excluded.root_hash, frontier = excluded.frontier, note = excluded.note, "
    "  update_time = excluded.update_time"};

// Of logs that are refused: what waits in vain grows. One look at the key for each.
constexpr pg::Query kOldest{"ledger_oldest_pending",
                            "SELECT min(p.time) AS oldest"
                            "  FROM unnest($1::text[]) AS t (tenant_id)"
                            "  CROSS JOIN LATERAL (SELECT o.time FROM ledger_pending o"
                            "                      WHERE o.tenant_id = t.tenant_id"
                            "                      ORDER BY o.xid, o.position LIMIT 1) p"};

std::string_view View(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

std::vector<pg::Bytes> Views(const std::vector<std::string>& values) {
  std::vector<pg::Bytes> views;
  for (const std::string& value : values) views.push_back({value});
  return views;
}

Hash GetHash(const pqxx::field& field) {
  const std::optional<Hash> hash = HashFromBytes(pg::GetBytes(field));
  if (!hash.has_value()) throw std::runtime_error("a stored hash does not have 32 bytes");
  return *hash;
}

}  // namespace

bool TryBecomeLeader(pg::WriteTransaction& tx) { return tx.Exec(kLead)[0]["leader"].as<bool>(); }

std::vector<Head> ReadHeads(pg::WriteTransaction& tx) {
  std::vector<Head> heads;
  for (const auto& row : tx.Exec(kHeads)) {
    heads.push_back({row["tenant_id"].as<std::string>(), row["tree_size"].as<std::int64_t>(),
                     pg::GetBytes(row["frontier"]), row["note"].as<std::string>(),
                     row["last_index"].as<std::int64_t>()});
  }
  return heads;
}

Batch PlacePending(pg::WriteTransaction& tx, std::int64_t per_tenant,
                   const std::vector<std::string>& tenants) {
  const pqxx::result rows = tx.Exec(kPlace, per_tenant, tenants);
  Batch batch;
  batch.entries.reserve(rows.size());
  for (const auto& row : rows) {
    batch.entries.push_back({row["tenant_id"].as<std::string>(), row["index"].as<std::int64_t>(),
                             GetHash(row["leaf_hash"])});
  }
  if (!rows.empty()) batch.oldest = pg::GetTime(rows[0]["oldest"]);
  return batch;
}

void InsertNodesAtCommit(pg::WriteTransaction& tx, const std::vector<Node>& nodes) {
  if (nodes.empty()) return;
  std::vector<std::string> tenants;
  std::vector<std::int64_t> levels;
  std::vector<std::int64_t> indexes;
  std::vector<pg::Bytes> hashes;
  for (const Node& node : nodes) {
    tenants.push_back(node.tenant);
    levels.push_back(node.id.level);
    indexes.push_back(node.id.index);
    hashes.push_back({View(node.hash)});
  }
  tx.ExecAtCommit(kInsertNodes, tenants, levels, indexes, hashes);
}

void StoreHeadsAtCommit(pg::WriteTransaction& tx, const std::vector<SignedHead>& heads) {
  std::vector<std::string> tenants;
  std::vector<std::int64_t> sizes;
  std::vector<std::string> root_bytes;
  std::vector<std::string> frontier_bytes;
  std::vector<std::string> notes;
  for (const SignedHead& head : heads) {
    tenants.push_back(head.tenant);
    sizes.push_back(head.frontier.size());
    root_bytes.push_back(ToBytes(head.frontier.Root()));
    std::string& frontier = frontier_bytes.emplace_back();
    for (const Hash& hash : head.frontier.hashes()) frontier += View(hash);
    notes.push_back(head.note);
  }
  tx.ExecAtCommit(kStoreHeads, tenants, sizes, Views(root_bytes), Views(frontier_bytes), notes,
                  tx.time());
}

absl::Time OldestPending(pg::WriteTransaction& tx, const std::vector<std::string>& tenants) {
  return pg::GetOptional<absl::Time>(tx.Exec(kOldest, tenants)[0]["oldest"])
      .value_or(absl::InfiniteFuture());
}

}  // namespace sockel::ledger
