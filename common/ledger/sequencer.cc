#include "common/ledger/sequencer.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/sequencer_store.h"

namespace sockel::ledger {
namespace {

using Frontiers = std::map<std::string, Frontier>;

Frontiers LoadFrontiers(pg::WriteTransaction& tx, const Batch& batch) {
  Frontiers frontiers;
  for (const Placed& entry : batch.entries) frontiers.try_emplace(entry.tenant);
  std::vector<std::string> tenants;
  for (const auto& [tenant, frontier] : frontiers) tenants.push_back(tenant);
  for (Head& head : ReadHeads(tx, tenants)) {
    frontiers[head.tenant] = std::move(head.frontier);
  }
  return frontiers;
}

// Grows the trees by the batch; returns the inner nodes that became complete.
absl::StatusOr<std::vector<Node>> Grow(Frontiers& frontiers, const Batch& batch) {
  std::vector<Node> nodes;
  for (const Placed& entry : batch.entries) {
    Frontier& frontier = frontiers[entry.tenant];
    if (entry.index != frontier.size()) {
      return error::Internal(absl::StrCat("the log of ", entry.tenant, " has ", frontier.size(),
                                          " entries, the next one got index ", entry.index));
    }
    frontier.Append(entry.leaf_hash, [&](NodeId id, const Hash& hash) {
      nodes.push_back({entry.tenant, id, hash});
    });
  }
  return nodes;
}

}  // namespace

Sequencer::Sequencer(pg::Database& database, std::string service, const SigningKey& key,
                     const Clock& clock)
    : database_(database), service_(std::move(service)), key_(key), clock_(clock) {}

absl::StatusOr<Sequencer::Result> Sequencer::IntegrateBatch(std::int64_t per_tenant) {
  const Caller caller = Caller::System("*");
  absl::StatusOr<bool> pending = database_.Read(
      caller, "ledger.look",
      [](pg::Transaction& tx) -> absl::StatusOr<bool> { return AnythingPending(tx); });
  if (!pending.ok()) return pending.status();
  if (!*pending) return Result{};
  return database_.Write(caller, "ledger.integrate",
                         [&](pg::WriteTransaction& tx) { return Integrate(tx, per_tenant); });
}

absl::StatusOr<Sequencer::Result> Sequencer::Integrate(pg::WriteTransaction& tx,
                                                       std::int64_t per_tenant) const {
  if (!TryBecomeLeader(tx)) return Result{Outcome::kNotLeader};
  const Batch batch = PlacePending(tx, per_tenant);
  if (batch.entries.empty()) return Result{};
  Frontiers frontiers = LoadFrontiers(tx, batch);
  absl::StatusOr<std::vector<Node>> nodes = Grow(frontiers, batch);
  if (!nodes.ok()) return nodes.status();

  std::vector<SignedHead> heads;
  for (auto& [tenant, frontier] : frontiers) {
    const CheckpointBody body{Origin(service_, tenant), frontier.size(), frontier.Root()};
    heads.push_back({tenant, std::move(frontier), SignCheckpoint(body, key_)});
  }
  InsertNodesAtCommit(tx, *nodes);
  StoreHeadsAtCommit(tx, heads);
  return Result{Outcome::kIntegrated, static_cast<std::int64_t>(batch.entries.size()),
                std::max(clock_.Now() - batch.oldest, absl::ZeroDuration())};
}

}  // namespace sockel::ledger
