#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "common/ledger/merkle.h"
#include "common/ledger/signing_key.h"
#include "common/paging/paging.h"
#include "common/pg/database.h"
#include "sockel/audit/v1/audit.pb.h"

namespace sockel::ledger {

// What AuditService answers: entries, checkpoint and proofs of the log that a
// service keeps for the caller's tenant. Thread-safe.
class Audit {
 public:
  // `service` as the sequencer's. Of the key only the public half is kept.
  Audit(pg::Database& database, std::string service, const SigningKey& key,
        const paging::Tokens& tokens);

  absl::StatusOr<audit::v1::Checkpoint> GetCheckpoint(
      const Caller& caller, const audit::v1::GetCheckpointRequest& request);
  absl::StatusOr<audit::v1::ListEntriesResponse> ListEntries(
      const Caller& caller, const audit::v1::ListEntriesRequest& request);
  absl::StatusOr<audit::v1::Proof> GetInclusionProof(
      const Caller& caller, const audit::v1::GetInclusionProofRequest& request);
  absl::StatusOr<audit::v1::Proof> GetConsistencyProof(
      const Caller& caller, const audit::v1::GetConsistencyProofRequest& request);

 private:
  absl::StatusOr<audit::v1::Proof> Prove(const Caller& caller, std::int64_t size,
                                         const ProofPlan& plan);

  pg::Database& database_;
  const std::string service_;
  const std::string public_key_;
  const paging::Tokens& tokens_;
};

}  // namespace sockel::ledger
