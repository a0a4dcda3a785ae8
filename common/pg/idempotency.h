#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/database.h"

namespace sockel::pg {

// How long a recorded answer is kept at least (promised: 24 h).
inline constexpr absl::Duration kIdempotencyKeyLifetime = absl::Hours(25);

// Deletes the answers recorded before `before`, in batches, one transaction
// each. Returns how many. Called by the service's housekeeping.
absl::StatusOr<std::int64_t> PurgeIdempotencyKeys(Database& database, absl::Time before,
                                                  int batch = 1000);

}  // namespace sockel::pg
