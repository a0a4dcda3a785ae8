#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/database.h"

namespace sockel::pg {

// How long a recorded answer is kept at least (promised: 24 h).
inline constexpr absl::Duration kIdempotencyKeyLifetime = absl::Hours(25);

// Deletes the oldest answers recorded before `before`, at most `batch`. Returns
// how many; zero when all is done. Replicas may do it at the same time.
absl::StatusOr<std::int64_t> PurgeIdempotencyKeys(Database& database, absl::Time before, int batch);

}  // namespace sockel::pg
