#pragma once

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "common/caller/caller.h"
#include "common/clock/clock.h"
#include "common/events/wake_hub.h"
#include "common/pg/database.h"
#include "common/rpc/stream.h"
#include "sockel/events/v1/events.pb.h"

namespace sockel::events {

// What belongs to one user (`tenants/smi/users/0190…/inboxItems/…`, `…/sessions/…`)
// and is not the caller's own: nobody else's business, whatever the role.
bool IsOthersPrivate(const Caller& caller, std::string_view resource);

// What EventService answers. Thread-safe; outlives its streams.
class Watches {
 public:
  struct Options {
    // A sign of life at least this often.
    absl::Duration heartbeat = absl::Seconds(20);
    // Look at least this often, in case the announcement was lost with a
    // process that died, or the reader was stopped: that has to be noticed
    // within 5 seconds, and takes up to 1 to get here.
    absl::Duration poll = absl::Seconds(3);
    // While an older transaction may still add events before known ones, look
    // again after this, then after twice as long, up to…
    absl::Duration first_gap_poll = absl::Milliseconds(10);
    absl::Duration most_gap_poll = absl::Milliseconds(500);
    // Events read from the database at a time.
    int page = 200;
  };

  // Over the events of `service`, whose types begin with its name.
  Watches(pg::Database& database, WakeHub& hub, const Clock& clock, std::string service,
          Options options);

  // Errors: INVALID_ARGUMENT/CURSOR_INVALID, INVALID_ARGUMENT/FIELD_INVALID,
  // OUT_OF_RANGE/CURSOR_EXPIRED.
  rpc::SourceOr<v1::WatchEventsResponse> WatchEvents(const Caller& caller,
                                                     const v1::WatchEventsRequest& request);

 private:
  class Stream;

  pg::Database& database_;
  WakeHub& hub_;
  const Clock& clock_;
  const std::string service_;
  const Options options_;
};

}  // namespace sockel::events
