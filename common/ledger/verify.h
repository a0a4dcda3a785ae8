#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/merkle.h"
#include "sockel/audit/v1/audit.pb.h"

// The verifier: needs no service, no database and no network, only the key.
// Every failed verification is DATA_LOSS with a sentence that says what was
// found to be different.
namespace sockel::ledger {

// One entry against a checkpoint that OpenCheckpoint accepted.
absl::Status VerifyEntry(const CheckpointBody& checkpoint, std::int64_t index,
                         std::string_view leaf, const audit::v1::Proof& proof);

// That the log of `newer` begins with that of `older`.
absl::Status VerifyGrowth(const CheckpointBody& older, const CheckpointBody& newer,
                          const audit::v1::Proof& proof);

// The whole bundle: signature, every entry's proof, and that each decoded entry
// says what its leaf says and belongs to the checkpoint's log. Returns the
// checkpoint.
absl::StatusOr<CheckpointBody> VerifyBundle(const audit::v1::EvidenceBundle& bundle,
                                            const VerifierKey& trusted_key);

// Audits a whole log: takes every leaf in order, then compares with what was
// signed. Finds a changed, inserted, exchanged or left-out entry.
class LogAuditor {
 public:
  // `earlier`: a checkpoint remembered from before, whose entries must all
  // still be there unchanged.
  explicit LogAuditor(std::optional<CheckpointBody> earlier = std::nullopt);

  // Entries from index 0 on, without gaps. Those behind the checkpoint's size
  // must not be fed.
  absl::Status Add(const audit::v1::LogEntry& entry);
  // Compares with the checkpoint.
  absl::Status Finish(const CheckpointBody& checkpoint) const;

  std::int64_t size() const { return frontier_.size(); }

 private:
  const std::optional<CheckpointBody> earlier_;
  std::optional<Hash> root_at_earlier_;
  Frontier frontier_;
};

}  // namespace sockel::ledger
