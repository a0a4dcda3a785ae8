#include "common/ledger/sequencer.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/sequencer_store.h"

namespace sockel::ledger {
namespace {

// Nothing when the bytes are no frontier of a tree of that size.
std::optional<Frontier> FrontierOf(const Head& head) {
  std::vector<Hash> hashes;
  for (std::size_t at = 0; at < head.frontier.size(); at += sizeof(Hash)) {
    const std::optional<Hash> hash = HashFromBytes(head.frontier.substr(at, sizeof(Hash)));
    if (!hash.has_value()) return std::nullopt;
    hashes.push_back(*hash);
  }
  return Frontier::Restore(head.size, std::move(hashes));
}

absl::Status NotOurs(const Head& head, absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat("the log of tenants/", head.tenant, " is not continued: ", what));
}

// What the log may be grown from: the head that `key` signed. DATA_LOSS says
// what in the database is different.
absl::StatusOr<Frontier> TrustedFrontier(const Head& head, const VerifierKey& key) {
  std::optional<Frontier> frontier = FrontierOf(head);
  if (!frontier.has_value()) return NotOurs(head, "its frontier does not fit its size");
  if (head.last_index != frontier->size() - 1) {
    return NotOurs(head, absl::StrCat("its last entry is ", head.last_index, ", its size is ",
                                      frontier->size()));
  }
  if (frontier->size() == 0 && head.note.empty()) return Frontier();  // a new log
  const absl::StatusOr<CheckpointBody> ours = OpenCheckpoint(head.note, key);
  if (!ours.ok()) return NotOurs(head, ours.status().message());
  if (ours->size != frontier->size() || ours->root != frontier->Root()) {
    return NotOurs(head, absl::StrCat("its frontier is not that of the checkpoint of ", ours->size,
                                      " entries that we signed"));
  }
  return *std::move(frontier);
}

// When the oldest entry was written that waits in vain.
absl::Time OldestRefused(pg::WriteTransaction& tx,
                         const std::map<std::string, absl::Status>& refused) {
  if (refused.empty()) return absl::InfiniteFuture();
  std::vector<std::string> tenants;
  for (const auto& [tenant, why] : refused) tenants.push_back(tenant);
  return OldestPending(tx, tenants);
}

// Grows the trees by the batch; returns the inner nodes that became complete.
absl::StatusOr<std::vector<Node>> Grow(const Batch& batch,
                                       std::map<std::string, Frontier>& frontiers) {
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

// The new heads of the logs that the batch went into.
std::vector<SignedHead> SignHeads(const Batch& batch,
                                  const std::map<std::string, Frontier>& frontiers,
                                  const std::string& service, const SigningKey& key) {
  std::vector<SignedHead> heads;
  for (const Placed& entry : batch.entries) {  // by tenant
    if (!heads.empty() && heads.back().tenant == entry.tenant) continue;
    const Frontier& frontier = frontiers.at(entry.tenant);
    const CheckpointBody body{Origin(service, entry.tenant), frontier.size(), frontier.Root()};
    heads.push_back({entry.tenant, frontier, SignCheckpoint(body, key)});
  }
  return heads;
}

}  // namespace

Sequencer::Sequencer(pg::Database& database, std::string service, const SigningKey& key,
                     const Clock& clock)
    : database_(database), service_(std::move(service)), key_(key), clock_(clock) {}

absl::StatusOr<Sequencer::Result> Sequencer::IntegrateBatch(std::int64_t per_tenant) {
  return database_.Write(Caller::System("*"), "ledger.integrate",
                         [&](pg::WriteTransaction& tx) { return Integrate(tx, per_tenant); });
}

absl::StatusOr<Sequencer::Result> Sequencer::Integrate(pg::WriteTransaction& tx,
                                                       std::int64_t per_tenant) const {
  if (!TryBecomeLeader(tx)) return Result{Outcome::kNotLeader};
  Result result;
  std::map<std::string, Frontier> frontiers;
  std::vector<std::string> tenants;
  for (const Head& head : ReadHeads(tx)) {
    const VerifierKey key(Origin(service_, head.tenant), key_.public_key());
    absl::StatusOr<Frontier> frontier = TrustedFrontier(head, key);
    if (frontier.ok()) {
      tenants.push_back(head.tenant);
      frontiers[head.tenant] = *std::move(frontier);
    } else {
      result.refused[head.tenant] = frontier.status();
    }
  }
  const Batch batch = tenants.empty() ? Batch() : PlacePending(tx, per_tenant, tenants);
  const absl::Time oldest = std::min(batch.oldest, OldestRefused(tx, result.refused));
  result.lag = std::max(clock_.Now() - oldest, absl::ZeroDuration());
  if (batch.entries.empty()) return result;
  absl::StatusOr<std::vector<Node>> nodes = Grow(batch, frontiers);
  if (!nodes.ok()) return nodes.status();
  InsertNodesAtCommit(tx, *nodes);
  StoreHeadsAtCommit(tx, SignHeads(batch, frontiers, service_, key_));
  result.outcome = Outcome::kIntegrated;
  result.entries = static_cast<std::int64_t>(batch.entries.size());
  return result;
}

}  // namespace sockel::ledger
