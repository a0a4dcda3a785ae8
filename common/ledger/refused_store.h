#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/pg/database.h"

// SQL about the logs that the sequencer refuses to grow; within its transaction.
namespace sockel::ledger {

// When the first pending entry of these tenants was written, of all that wait the
// oldest; in the infinite future when none waits.
absl::Time OldestPending(pg::WriteTransaction& tx, const std::vector<std::string>& tenants);

}  // namespace sockel::ledger
