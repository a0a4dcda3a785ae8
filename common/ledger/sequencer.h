#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/clock/clock.h"
#include "common/ledger/signing_key.h"
#include "common/pg/database.h"

namespace sockel::ledger {

// Gives pending entries their place in the logs and signs checkpoints: reads
// what waits, of all tenants, grows each tenant's tree and signs its new head,
// all in one transaction. An entry is integrated exactly once or, when that
// transaction fails, still pending.
//
// Every replica runs one; the one that gets the advisory lock of the database
// works, the others find nothing to do. Entries are taken as soon as their
// transaction has committed: unlike a reader that remembers a position, a queue
// loses nothing when an older transaction commits later, so a long transaction
// somewhere in the cluster does not hold up the logs. Their order in a batch is
// that of their transactions' ids, in most cases that of the commits.
//
// A log is grown only from the head that this key signed. One whose head or
// last entry in the database is another (tampering, a restore of one table, a
// new key) is left as it is, and its entries stay pending: signing it would
// make the change our own. What nobody sees from here is a database set back as
// a whole to an older head of ours; that takes a checkpoint kept elsewhere.
//
// Thread-safe.
class Sequencer {
 public:
  enum class Outcome { kIdle, kIntegrated, kNotLeader };
  struct Result {
    Outcome outcome = Outcome::kIdle;
    std::int64_t entries = 0;
    // How long the oldest entry has waited: of these, and of those that go on
    // waiting because their log was refused.
    absl::Duration lag = absl::ZeroDuration();
    // Tenants whose log was left as it is, and why (DATA_LOSS).
    std::map<std::string, absl::Status> refused;
  };

  // `service` names the logs: sockel/<service>/<tenant>.
  Sequencer(pg::Database& database, std::string service, const SigningKey& key, const Clock& clock);

  // One batch, of at most `per_tenant` entries of each tenant. Errors: those of
  // Database::Write; then nothing has changed.
  absl::StatusOr<Result> IntegrateBatch(std::int64_t per_tenant = 5000);

 private:
  absl::StatusOr<Result> Integrate(pg::WriteTransaction& tx, std::int64_t per_tenant) const;

  pg::Database& database_;
  const std::string service_;
  const SigningKey& key_;
  const Clock& clock_;
};

}  // namespace sockel::ledger
