#include "services/identity/clock/clock_store.h"

#include "common/pg/rows.h"

namespace sockel::identity::clock_store {
namespace {

constexpr pg::Query kNow{"identity.clock.now", "SELECT clock_timestamp()"};

}  // namespace

absl::Time Now(pg::Transaction& tx) { return pg::GetTime(tx.Exec(kNow)[0][0]); }

}  // namespace sockel::identity::clock_store
