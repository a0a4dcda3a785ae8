#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/metrics/metrics.h"
#include "common/pg/database.h"
#include "services/efile/content/content_store.h"
#include "services/efile/uploads/orphan_store.h"

namespace sockel::efile {

// How long nobody must have changed a content before it can be an orphan. A
// document's bytes lie in the store for as long as its transaction takes before
// there is a row about them: seconds. The row of an upload is older than its
// bytes. A day is thousands of times that, so no running request is met.
constexpr absl::Duration kOrphanAge = absl::Hours(24);

// Removes from the store what the database does not know: the bytes that a
// process wrote and then died, or lost the database, before it could say whose
// they are. Nobody can read them, as their key was never stored.
//
// A mistake here would destroy records. So the database is asked after the store
// was looked at; an error of it ends the round before anything is removed; and a
// tenant that would lose more contents than it has in the database keeps all:
// then rather that is another database, or an old one. Not thread-safe.
class OrphanSweep {
 public:
  OrphanSweep(pg::Database& db, ContentStore& content, metrics::Registry& metrics);

  // The next piece of the store, at most a thousand contents; after the last one
  // it begins again. Errors: of the database or the store;
  // FAILED_PRECONDITION: a tenant keeps what the database does not know.
  absl::Status RunOnce();

 private:
  // `kept`: FAILED_PRECONDITION when a tenant keeps what it has.
  absl::StatusOr<std::vector<ContentId>> FindOrphans(const std::vector<ContentId>& contents,
                                                     absl::Status& kept);
  absl::StatusOr<std::vector<std::string>> FindIn(const std::string& tenant,
                                                  const std::vector<std::string>& ids);
  absl::Status Remove(const std::vector<ContentId>& orphans);

  pg::Database& db_;
  ContentStore& content_;
  OrphanStore store_;
  metrics::Counter& removed_;
  Place next_;
};

}  // namespace sockel::efile
