#include "services/identity/revocations/revoker.h"

#include "common/ids/ids.h"
#include "services/identity/revocations/revocation_store.h"

namespace sockel::identity {
namespace {

// A token may be made from what was true just before this transaction commits.
// Its `iat` is from before that look; this covers the way to the commit, and
// what two replicas may disagree by about the database's time.
constexpr absl::Duration kUntilCommit = absl::Milliseconds(100);
// Verifiers accept a token a little after its expiry.
constexpr absl::Duration kClockDifference = absl::Minutes(1);

}  // namespace

void Revoker::Revoke(pg::WriteTransaction& tx, std::string_view subject) const {
  const absl::Time revoke_time = clock_.Now() + kUntilCommit;
  revocation_store::Insert(tx, ids::NewUuidV7(tx.time()), subject, revoke_time,
                           revoke_time + kLongestTokenLifetime + kClockDifference);
  if (wake_) tx.AfterCommit(wake_);
}

}  // namespace sockel::identity
