#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sockel::events {

// A place in a tenant's events. They are given out in this order, and none comes
// late: a reader goes up to the oldest transaction still running. In most cases
// it is the order in which they became visible; of two transactions at the same
// time, the one that wrote first comes first.
struct Position {
  std::uint64_t xid = 0;  // of the transaction
  std::int64_t seq = 0;   // within it
  auto operator<=>(const Position&) const = default;
};

// Where a follower stands: behind this event.
struct Mark {
  Position position;
  // The end of the event's id, by which it is known again. Empty: the event is not
  // kept any more, or there was none yet.
  std::string event;
  bool operator==(const Mark&) const = default;
};

// How a mark knows an event by its id.
std::string EndOf(std::string_view event_id);

// Whose events: a service's of a tenant.
struct Origin {
  std::string_view service;
  std::string_view tenant;  // code
};

// A mark in the events of `origin` as the client keeps it: opaque to it.
std::string ToCursor(const Origin& origin, const Mark& mark);
// Nothing when ToCursor did not make it for this origin.
std::optional<Mark> FromCursor(const Origin& origin, std::string_view cursor);

}  // namespace sockel::events
