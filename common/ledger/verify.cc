#include "common/ledger/verify.h"

#include <google/protobuf/util/message_differencer.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace sockel::ledger {
namespace {

using google::protobuf::util::MessageDifferencer;

absl::StatusOr<std::vector<Hash>> Hashes(const audit::v1::Proof& proof) {
  std::vector<Hash> hashes;
  for (const std::string& bytes : proof.hashes()) {
    const std::optional<Hash> hash = HashFromBytes(bytes);
    if (!hash.has_value()) return absl::DataLossError("a proof holds a hash that is not 32 bytes");
    hashes.push_back(*hash);
  }
  return hashes;
}

// The tenant's code in sockel/<service>/<tenant>.
std::string TenantOf(const CheckpointBody& checkpoint) {
  return absl::StrCat("tenants/", checkpoint.origin.substr(checkpoint.origin.rfind('/') + 1));
}

absl::Status VerifyReading(const CheckpointBody& checkpoint, const audit::v1::LogEntry& entry) {
  audit::v1::AuditEntry said;
  if (!said.ParseFromString(entry.leaf())) {
    return absl::DataLossError(absl::StrCat("entry ", entry.index(), " cannot be read"));
  }
  if (entry.has_entry() && !MessageDifferencer::Equals(said, entry.entry())) {
    return absl::DataLossError(
        absl::StrCat("entry ", entry.index(), " is shown differently from what was recorded"));
  }
  if (said.tenant() != TenantOf(checkpoint)) {
    return absl::DataLossError(
        absl::StrCat("entry ", entry.index(), " is of another tenant's log: ", said.tenant()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status VerifyEntry(const CheckpointBody& checkpoint, std::int64_t index,
                         std::string_view leaf, const audit::v1::Proof& proof) {
  absl::StatusOr<std::vector<Hash>> hashes = Hashes(proof);
  if (!hashes.ok()) return hashes.status();
  if (!VerifyInclusion(LeafHash(leaf), index, checkpoint.size, *hashes, checkpoint.root)) {
    return absl::DataLossError(absl::StrCat(
        "entry ", index, " is not in the log that was signed: it, or its proof, was changed"));
  }
  return absl::OkStatus();
}

absl::Status VerifyGrowth(const CheckpointBody& older, const CheckpointBody& newer,
                          const audit::v1::Proof& proof) {
  if (older.origin != newer.origin) {
    return absl::DataLossError(
        absl::StrCat("checkpoints of two logs: ", older.origin, " and ", newer.origin));
  }
  absl::StatusOr<std::vector<Hash>> hashes = Hashes(proof);
  if (!hashes.ok()) return hashes.status();
  if (older.size == 0) return absl::OkStatus();
  if (!VerifyConsistency(older.size, older.root, newer.size, newer.root, *hashes)) {
    return absl::DataLossError(absl::StrCat("the log of ", newer.size,
                                            " entries does not begin "
                                            "with the ",
                                            older.size, " signed before"));
  }
  return absl::OkStatus();
}

absl::StatusOr<CheckpointBody> VerifyBundle(const audit::v1::EvidenceBundle& bundle,
                                            const VerifierKey& trusted_key) {
  absl::StatusOr<CheckpointBody> checkpoint =
      OpenCheckpoint(bundle.checkpoint().note(), trusted_key);
  if (!checkpoint.ok()) return checkpoint;
  for (const audit::v1::ProvenEntry& proven : bundle.entries()) {
    absl::Status status =
        VerifyEntry(*checkpoint, proven.entry().index(), proven.entry().leaf(), proven.proof());
    if (status.ok()) status = VerifyReading(*checkpoint, proven.entry());
    if (!status.ok()) return status;
  }
  return checkpoint;
}

LogAuditor::LogAuditor(std::optional<CheckpointBody> earlier) : earlier_(std::move(earlier)) {}

absl::Status LogAuditor::Add(const audit::v1::LogEntry& entry) {
  if (entry.index() != frontier_.size()) {
    return absl::DataLossError(
        absl::StrCat("entry ", frontier_.size(), " is missing: the next one is ", entry.index()));
  }
  frontier_.Append(LeafHash(entry.leaf()));
  if (earlier_.has_value() && earlier_->size == frontier_.size()) {
    root_at_earlier_ = frontier_.Root();
  }
  return absl::OkStatus();
}

absl::Status LogAuditor::Finish(const CheckpointBody& checkpoint) const {
  if (frontier_.size() != checkpoint.size) {
    return absl::DataLossError(absl::StrCat("the log has ", frontier_.size(),
                                            " entries, the checkpoint signs ", checkpoint.size));
  }
  if (frontier_.Root() != checkpoint.root) {
    return absl::DataLossError(
        "an entry was changed: the root hash of the entries is not the one that was signed");
  }
  if (!earlier_.has_value() || earlier_->size == 0) return absl::OkStatus();
  if (earlier_->origin != checkpoint.origin) {
    return absl::DataLossError(
        absl::StrCat("the checkpoint remembered is of another log: ", earlier_->origin));
  }
  if (earlier_->size > checkpoint.size) {
    return absl::DataLossError(absl::StrCat("the log has become shorter: ", checkpoint.size,
                                            " entries, ", earlier_->size, " were signed before"));
  }
  if (root_at_earlier_ != earlier_->root) {
    return absl::DataLossError(absl::StrCat("the history was rewritten: the first ", earlier_->size,
                                            " entries are not those that were signed before"));
  }
  return absl::OkStatus();
}

}  // namespace sockel::ledger
