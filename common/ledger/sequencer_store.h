#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/ledger/merkle.h"
#include "common/pg/database.h"

// The sequencer's SQL. All calls are made within one transaction that is bound
// to all tenants, by the one sequencer that holds the lock.
namespace sockel::ledger {

struct Placed {
  std::string tenant;
  std::int64_t index = 0;
  Hash leaf_hash{};
};

struct Batch {
  // By tenant, then index.
  std::vector<Placed> entries;
  // When the oldest of them was written.
  absl::Time oldest = absl::InfiniteFuture();
};

// A log as the database has it, which need not be as we left it.
struct Head {
  std::string tenant;
  std::int64_t size = 0;
  std::string frontier;          // hashes, one behind the other
  std::string note;              // what was signed; empty when there is no head yet
  std::int64_t last_index = -1;  // of the entries
};

struct Node {
  std::string tenant;
  NodeId id;
  Hash hash{};
};

struct SignedHead {
  std::string tenant;
  Frontier frontier;
  std::string note;
};

// Makes this transaction the only one that sequences; false when there is one.
bool TryBecomeLeader(pg::WriteTransaction& tx);
// The logs of all tenants with pending entries.
std::vector<Head> ReadHeads(pg::WriteTransaction& tx);
// Moves entries of these tenants from the queue into the log, behind what is
// there: of each tenant the oldest `per_tenant`, so that no tenant's backlog
// delays others.
Batch PlacePending(pg::WriteTransaction& tx, std::int64_t per_tenant,
                   const std::vector<std::string>& tenants);
void InsertNodesAtCommit(pg::WriteTransaction& tx, const std::vector<Node>& nodes);
void StoreHeadsAtCommit(pg::WriteTransaction& tx, const std::vector<SignedHead>& heads);

// When the first pending entry of these tenants was written, of all that wait the
// oldest; in the infinite future when none waits.
absl::Time OldestPending(pg::WriteTransaction& tx, const std::vector<std::string>& tenants);

}  // namespace sockel::ledger
