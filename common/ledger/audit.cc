#include "common/ledger/audit.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/ledger/audit_store.h"
#include "common/ledger/checkpoint.h"
#include "common/paging/page.h"

namespace sockel::ledger {
namespace {

using error::CommonReason;

absl::Status NotIntegrated(std::int64_t wanted, std::int64_t size) {
  return error::Make(absl::StatusCode::kOutOfRange, CommonReason::INDEX_NOT_INTEGRATED,
                     absl::StrCat("the log has ", size, " integrated entries, fewer than ", wanted,
                                  "; ask for a size up to that of the checkpoint"));
}

// The prefix as a resource name: without slashes at its end.
std::string_view ResourceName(std::string_view prefix) {
  while (!prefix.empty() && prefix.back() == '/') prefix.remove_suffix(1);
  return prefix;
}

absl::StatusOr<std::int64_t> FirstIndex(const absl::StatusOr<std::string>& position) {
  if (!position.ok()) return position.status();
  std::int64_t last = -1;
  if (!position->empty() && !absl::SimpleAtoi(*position, &last)) {
    return error::Internal("a signed page token holds no index");
  }
  return last + 1;
}

void Fill(const StoredEntry& stored, audit::v1::LogEntry& entry) {
  entry.set_index(stored.index);
  entry.set_leaf(stored.leaf);
  // A leaf that cannot be read was tampered with; the verifier will say so.
  if (!entry.mutable_entry()->ParseFromString(stored.leaf)) entry.clear_entry();
}

}  // namespace

Audit::Audit(pg::Database& database, std::string service, const SigningKey& key,
             const paging::Tokens& tokens)
    : database_(database),
      service_(std::move(service)),
      public_key_(key.public_key()),
      tokens_(tokens) {}

absl::StatusOr<audit::v1::Checkpoint> Audit::GetCheckpoint(
    const Caller& caller, const audit::v1::GetCheckpointRequest& /*request*/) {
  using Found = absl::StatusOr<std::optional<StoredCheckpoint>>;
  Found stored = database_.Read(caller, "audit.checkpoints.get",
                                [](pg::Transaction& tx) -> Found { return ReadCheckpoint(tx); });
  if (!stored.ok()) return stored.status();
  if (!stored->has_value()) {
    return error::Make(absl::StatusCode::kNotFound, CommonReason::LOG_EMPTY,
                       absl::StrCat("the log of tenants/", caller.tenant, " has no entry yet"));
  }
  audit::v1::Checkpoint checkpoint;
  checkpoint.set_note((*stored)->note);
  checkpoint.set_tree_size((*stored)->tree_size);
  checkpoint.set_root_hash((*stored)->root);
  checkpoint.set_verifier_key(VerifierKey(Origin(service_, caller.tenant), public_key_).ToString());
  return checkpoint;
}

absl::StatusOr<audit::v1::ListEntriesResponse> Audit::ListEntries(
    const Caller& caller, const audit::v1::ListEntriesRequest& request) {
  const absl::StatusOr<std::int64_t> first = FirstIndex(tokens_.Read(caller, request));
  if (!first.ok()) return first.status();
  const int limit = paging::PageSize(request.page_size());
  using Found = absl::StatusOr<std::vector<StoredEntry>>;
  const Found found =
      database_.Read(caller, "audit.entries.list", [&](pg::Transaction& tx) -> Found {
        return ledger::ListEntries(tx, ResourceName(request.resource_prefix()), *first, limit + 1);
      });
  if (!found.ok()) return found.status();

  audit::v1::ListEntriesResponse response;
  std::size_t bytes = 0;
  for (const StoredEntry& stored : *found) {
    if (response.entries_size() == limit || bytes > paging::kPageBytes) {
      const std::int64_t last = response.entries(response.entries_size() - 1).index();
      response.set_next_page_token(tokens_.Make(caller, request, std::to_string(last)));
      break;
    }
    Fill(stored, *response.add_entries());
    bytes += stored.leaf.size();
  }
  return response;
}

absl::StatusOr<audit::v1::Proof> Audit::GetInclusionProof(
    const Caller& caller, const audit::v1::GetInclusionProofRequest& request) {
  if (request.tree_size() < 1) return error::InvalidField("tree_size", "must be at least 1");
  if (request.index() >= request.tree_size()) {
    return error::InvalidField("index", "must be smaller than tree_size");
  }
  return Prove(caller, request.tree_size(), InclusionPlan(request.index(), request.tree_size()));
}

absl::StatusOr<audit::v1::Proof> Audit::GetConsistencyProof(
    const Caller& caller, const audit::v1::GetConsistencyProofRequest& request) {
  if (request.old_size() < 1) return error::InvalidField("old_size", "must be at least 1");
  if (request.new_size() < request.old_size()) {
    return error::InvalidField("new_size", "must not be smaller than old_size");
  }
  return Prove(caller, request.new_size(), ConsistencyPlan(request.old_size(), request.new_size()));
}

absl::StatusOr<audit::v1::Proof> Audit::Prove(const Caller& caller, std::int64_t size,
                                              const ProofPlan& plan) {
  return database_.Read(
      caller, "audit.proofs.get", [&](pg::Transaction& tx) -> absl::StatusOr<audit::v1::Proof> {
        const std::optional<StoredCheckpoint> checkpoint = ReadCheckpoint(tx);
        const std::int64_t integrated = checkpoint.has_value() ? checkpoint->tree_size : 0;
        if (size > integrated) return NotIntegrated(size, integrated);
        const std::optional<std::vector<Hash>> hashes = ReadProof(tx, plan);
        if (!hashes.has_value()) return error::Internal("a node of the log is missing");
        audit::v1::Proof proof;
        for (const Hash& hash : *hashes) proof.add_hashes(ToBytes(hash));
        return proof;
      });
}

}  // namespace sockel::ledger
