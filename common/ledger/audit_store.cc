#include "common/ledger/audit_store.h"

#include <map>

#include "common/pg/rows.h"

namespace sockel::ledger {
namespace {

constexpr pg::Query kCheckpoint{
    "ledger_checkpoint",
    "SELECT tree_size, root_hash, note FROM ledger_checkpoints WHERE tenant_id = $1"};

constexpr pg::Query kEntries{
    "ledger_entries",
    "SELECT index, leaf FROM ledger_entries WHERE tenant_id = $1 AND index >= $2 "
    "ORDER BY index LIMIT $3"};

// '0' is the character after '/': the range holds what lies below the name.
constexpr pg::Query kEntriesBelow{
    "ledger_entries_below",
    "SELECT index, leaf FROM ledger_entries WHERE tenant_id = $1 AND index >= $2 "
    "AND (resource = $4 OR (resource >= $4 || '/' AND resource < $4 || '0')) "
    "ORDER BY index LIMIT $3"};

constexpr pg::Query kNodes{
    "ledger_nodes",
    "SELECT w.level, w.index, n.hash "
    "FROM unnest($2::int[], $3::bigint[]) AS w (level, index) "
    "JOIN ledger_nodes n ON n.tenant_id = $1 AND n.level = w.level AND n.index = w.index "
    "UNION ALL "
    "SELECT 0, e.index, e.leaf_hash FROM ledger_entries e "
    "WHERE e.tenant_id = $1 AND e.index = ANY($4)"};

}  // namespace

std::optional<StoredCheckpoint> ReadCheckpoint(pg::Transaction& tx) {
  const pqxx::result rows = tx.Exec(kCheckpoint, tx.caller().tenant);
  if (rows.empty()) return std::nullopt;
  return StoredCheckpoint{rows[0]["tree_size"].as<std::int64_t>(),
                          pg::GetBytes(rows[0]["root_hash"]), rows[0]["note"].as<std::string>()};
}

std::vector<StoredEntry> ListEntries(pg::Transaction& tx, std::string_view resource_prefix,
                                     std::int64_t first, std::int64_t limit) {
  const std::string& tenant = tx.caller().tenant;
  const pqxx::result rows = resource_prefix.empty()
                                ? tx.Exec(kEntries, tenant, first, limit)
                                : tx.Exec(kEntriesBelow, tenant, first, limit, resource_prefix);
  std::vector<StoredEntry> entries;
  for (const auto& row : rows) {
    entries.push_back({row["index"].as<std::int64_t>(), pg::GetBytes(row["leaf"])});
  }
  return entries;
}

std::optional<std::vector<Hash>> ReadProof(pg::Transaction& tx, const ProofPlan& plan) {
  std::vector<std::int64_t> levels;
  std::vector<std::int64_t> indexes;
  std::vector<std::int64_t> leaves;
  for (const auto& subtrees : plan) {
    for (const NodeId& id : subtrees) {
      if (id.level == 0) {
        leaves.push_back(id.index);
      } else {
        levels.push_back(id.level);
        indexes.push_back(id.index);
      }
    }
  }
  std::map<NodeId, Hash> stored;
  for (const auto& row : tx.Exec(kNodes, tx.caller().tenant, levels, indexes, leaves)) {
    const std::optional<Hash> hash = HashFromBytes(pg::GetBytes(row["hash"]));
    if (!hash.has_value()) return std::nullopt;
    stored[{row["level"].as<int>(), row["index"].as<std::int64_t>()}] = *hash;
  }
  std::vector<Hash> proof;
  for (const auto& subtrees : plan) {
    std::vector<Hash> hashes;
    for (const NodeId& id : subtrees) {
      const auto found = stored.find(id);
      if (found == stored.end()) return std::nullopt;
      hashes.push_back(found->second);
    }
    proof.push_back(FoldRange(hashes));
  }
  return proof;
}

}  // namespace sockel::ledger
