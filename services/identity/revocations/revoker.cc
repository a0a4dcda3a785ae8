#include "services/identity/revocations/revoker.h"

#include "common/ids/ids.h"
#include "services/identity/revocations/revocation_store.h"

namespace sockel::identity {
namespace {

// Verifiers accept a token a little after its expiry.
constexpr absl::Duration kClockDifference = absl::Minutes(1);

}  // namespace

void Revoker::Revoke(pg::WriteTransaction& tx, const std::vector<std::string>& subjects) const {
  if (subjects.empty()) return;
  const absl::Time revoke_time = gate_.Now(tx);
  for (const std::string& subject : subjects) {
    revocation_store::Insert(tx, ids::NewUuidV7(tx.time()), subject, revoke_time,
                             revoke_time + kLongestTokenLifetime + kClockDifference);
  }
  if (wake_) tx.AfterCommit(wake_);
}

}  // namespace sockel::identity
