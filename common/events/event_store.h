#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/events/events.h"
#include "common/events/position.h"
#include "common/pg/database.h"
#include "sockel/events/v1/events.pb.h"

namespace sockel::events {

void InsertAtCommit(pg::WriteTransaction& tx, const std::string& tenant, const std::string& id,
                    const NewEvent& event);
// The n-th of each belong together.
void InsertAllAtCommit(pg::WriteTransaction& tx, const std::vector<std::string>& tenants,
                       const std::vector<std::string>& ids, const std::vector<NewEvent>& events);

struct StoredEvent {
  Position position;
  v1::Event event;
};

struct EventPage {
  // Those whose predecessors are all known.
  std::vector<StoredEvent> events;
  // There are more, at once.
  bool full = false;
  // There are more, but an older transaction is still running and may yet add
  // events before them: look again soon.
  bool gap = false;
};

// The caller's tenant's events behind `after`, in order.
EventPage ReadAfter(pg::Transaction& tx, const Position& after, int limit);

// Behind the newest of the caller's tenant's events whose predecessors are all
// known.
Mark NewestMark(pg::Transaction& tx);
// Behind those that were deleted: before the oldest that is kept.
Mark OldestMark(pg::Transaction& tx);

// Whether whoever stands there can no longer be given everything: what was behind
// it was deleted, or the event is not in this database, which was restored to an
// earlier time.
bool IsLost(pg::Transaction& tx, const Mark& mark);

// Deletes events older than `before`, of each tenant the oldest `per_tenant`,
// and remembers how far. Bound to all tenants. Returns how many.
std::int64_t PurgeBefore(pg::WriteTransaction& tx, absl::Time before, int per_tenant);

// Tells the watchers in every process that these tenants have news.
void Notify(pg::Transaction& tx, const std::vector<std::string>& tenants);

// The channel that Notify uses; its payload is the tenant's code.
inline constexpr char kChannel[] = "sockel_events";

}  // namespace sockel::events
