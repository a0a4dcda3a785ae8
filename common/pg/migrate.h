#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/embed/embedded_file.h"
#include "common/pg/pool.h"

namespace sockel::pg {

// One step of the schema. Once released, its text never changes.
struct Migration {
  std::string id;        // `efile/0001_file_plan.sql`
  std::string_view sql;  // one or more statements; no BEGIN/COMMIT
};

// Gives embedded files (see sockel_embed()) ids below `folder`.
std::vector<Migration> MigrationsFrom(std::string_view folder,
                                      absl::Span<const EmbeddedFile> files);

// What every service's database starts with: idempotency_keys and the
// functions sockel_protect(table), sockel_protect_readable_by_all(table).
std::vector<Migration> CommonMigrations();

// Applies what is missing, in the given order, each in its own transaction,
// under an advisory lock. `owner_conninfo` logs in as the schema's owner;
// `runtime_role` is who the service works as, and gets the rights it needs.
//
// While a migration runs, `sockel.tenant` is `*` and `sockel.runtime_role` is
// set; it waits for each lock five seconds at most (`lock_timeout`). For another
// Migrate() to end there is no limit. Returns the ids that were applied.
// Errors: FAILED_PRECONDITION when a recorded checksum differs from the text;
// UNAVAILABLE no connection; ABORTED/CONFLICT a migration did not get a lock, try
// again; INTERNAL a migration failed (its id is named). A migration that was not
// applied left no trace.
absl::StatusOr<std::vector<std::string>> Migrate(const std::string& owner_conninfo,
                                                 const std::vector<Migration>& migrations,
                                                 std::string_view runtime_role);

// The first of `migrations` that the database lacks; empty when none. For
// readiness. Works with the runtime role. Errors: as Pool::Acquire.
absl::StatusOr<std::string> MissingRevision(Pool& pool, const std::vector<Migration>& migrations);

}  // namespace sockel::pg
