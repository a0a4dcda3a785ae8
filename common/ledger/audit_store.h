#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ledger/merkle.h"
#include "common/pg/database.h"

// Reads the logs. Every call is bound to tx.caller()'s tenant.
namespace sockel::ledger {

struct StoredCheckpoint {
  std::int64_t tree_size = 0;
  std::string root;
  std::string note;
};

struct StoredEntry {
  std::int64_t index = 0;
  std::string leaf;
};

std::optional<StoredCheckpoint> ReadCheckpoint(pg::Transaction& tx);

// At most `limit` entries from index `first` on. With a prefix: only those of
// the resource with that name and of what lies below it.
std::vector<StoredEntry> ListEntries(pg::Transaction& tx, std::string_view resource_prefix,
                                     std::int64_t first, std::int64_t limit);

// The proof that `plan` describes. Nothing when a node is missing.
std::optional<std::vector<Hash>> ReadProof(pg::Transaction& tx, const ProofPlan& plan);

}  // namespace sockel::ledger
