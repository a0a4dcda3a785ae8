#pragma once

#include "absl/time/time.h"
#include "common/pg/database.h"

namespace sockel::identity::clock_store {

// What the database's clock shows, to the microsecond.
absl::Time Now(pg::Transaction& tx);

}  // namespace sockel::identity::clock_store
