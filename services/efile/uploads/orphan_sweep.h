#pragma once

#include <functional>
#include <string>
#include <string_view>
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

// How long an orphan lies in the store's trash: so long has an operator who
// restored an old database to notice what it does not know.
constexpr absl::Duration kTrashAge = absl::Hours(30 * 24);

// Moves to the store's trash what the database does not know, moves back what it
// knows again, and removes the rest when it is old: the bytes that a process wrote
// and then died, or lost the database, before it could say whose they are. Nobody
// can read them, as their key was never stored.
//
// A mistake here would destroy records. So the database is asked after the store
// was looked at; an error of it ends the round before anything is moved; and a
// tenant that would lose more contents than it has in the database keeps all:
// then rather that is another database, or an old one. Such a one may also pass
// unnoticed, after a restore of some days: for that there is the trash. Not
// thread-safe.
class OrphanSweep {
 public:
  // `stop` ends a round early.
  OrphanSweep(
      pg::Database& db, ContentStore& content, metrics::Registry& metrics,
      std::function<bool()> stop = [] { return false; });

  // The next piece of the store and of its trash, at most a thousand contents
  // each; after the last one it begins again. Errors: of the database or the
  // store, whose faults do not keep the trash from being emptied;
  // FAILED_PRECONDITION: a tenant keeps what the database does not know, and the
  // whole trash what it has.
  absl::Status RunOnce();

 private:
  // `kept`: FAILED_PRECONDITION when a tenant keeps what it has.
  absl::StatusOr<std::vector<ContentId>> FindOrphans(const std::vector<ContentId>& contents,
                                                     absl::Status& kept);
  absl::StatusOr<std::vector<std::string>> FindIn(const std::string& tenant,
                                                  const std::vector<std::string>& ids);
  absl::Status Sweep();
  absl::Status Discard(const std::vector<ContentId>& orphans);
  absl::Status PutBackFromTrash();
  absl::Status RemoveFromTrash();
  // Does it to each, until told to stop, and tells how often there was anything to
  // do. Passes over what somebody else has in hand.
  absl::Status ForEach(const std::string& tenant, const std::vector<std::string>& ids,
                       absl::StatusOr<bool> (ContentStore::*work)(const ContentId&),
                       metrics::Counter& done, std::string_view message);

  pg::Database& db_;
  ContentStore& content_;
  OrphanStore store_;
  metrics::Counter& discarded_;
  metrics::Counter& put_back_;
  metrics::Counter& removed_;
  const std::function<bool()> stop_;
  Place next_;
  Place next_in_trash_;  // to put back
  Place next_old_;       // to remove
};

}  // namespace sockel::efile
