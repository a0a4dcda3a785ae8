#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/ledger/checkpoint.h"
#include "sockel/audit/v1/audit.grpc.pb.h"
#include "tools/sockel/audit/log_memory.h"
#include "tools/sockel/session.h"

namespace sockel::cli {

// The log that one service keeps for one tenant.
class LogClient {
 public:
  // `tenant`: `tenants/smi`. `verifier_key`: the key to believe; empty = the one
  // remembered, or on first use the one the service shows.
  LogClient(Session& session, std::string service, std::string tenant, std::string verifier_key);

  // `sockel/efile/smi`.
  std::string origin() const;

  // The newest checkpoint. NOT_FOUND: the log is empty. Nothing is checked.
  absl::StatusOr<audit::v1::Checkpoint> Fetch();
  // The key to check it with, and whether that was known before. DATA_LOSS:
  // the service shows another key than the one to believe; it says what can be
  // done. A key given to the constructor may be a new one of the same log.
  struct Trust {
    ledger::VerifierKey key;
    bool confirmed = false;
    std::optional<ledger::CheckpointBody> earlier;
  };
  absl::StatusOr<Trust> TrustFor(const audit::v1::Checkpoint& checkpoint) const;

  // Every entry below `size` whose resource has the prefix, in order.
  absl::Status ForEach(const std::string& resource_prefix, std::int64_t size,
                       const std::function<absl::Status(const audit::v1::LogEntry&)>& take);
  absl::StatusOr<audit::v1::Proof> InclusionProof(std::int64_t index, std::int64_t size);

  // Reads the whole log and compares it with what is signed now and with what
  // this machine remembers; then remembers. DATA_LOSS when anything differs.
  struct Verdict {
    std::int64_t entries = 0;
    std::int64_t earlier_entries = 0;  // of the checkpoint remembered; 0 = none
    std::string verifier_key;
    bool key_confirmed = false;
  };
  absl::StatusOr<Verdict> Verify();

  // Entries below the prefix with their proofs, for offline verification.
  absl::StatusOr<audit::v1::EvidenceBundle> Export(const std::string& resource_prefix);

  // Forgets what this machine remembers of the log: the next Verify() begins
  // anew. NOT_FOUND when that is nothing.
  absl::Status Forget() const;

 private:
  absl::StatusOr<LogMemory::Log> Log() const;
  absl::StatusOr<std::optional<LogMemory::Known>> Recall() const;
  // Compares every entry with the checkpoint and with the earlier one.
  absl::Status Audit(const ledger::CheckpointBody& checkpoint, const Trust& trust);
  absl::Status OtherKey(const std::string& shown, const std::string& believed) const;
  absl::StatusOr<Verdict> VerdictOfEmptyLog() const;
  // A status of DATA_LOSS with the way out, when the log is not what this
  // machine remembers.
  absl::Status AtOddsWithMemory(const std::string& what) const;

  Session& session_;
  const std::string service_;
  const std::string tenant_;
  const std::string verifier_key_;
  const LogMemory memory_;
};

}  // namespace sockel::cli
