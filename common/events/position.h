#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sockel::events {

// A place in a tenant's events, in the order in which they became visible.
struct Position {
  std::uint64_t xid = 0;  // of the transaction
  std::int64_t seq = 0;   // within it
  auto operator<=>(const Position&) const = default;
};

// A position as the client keeps it: opaque to it.
std::string ToCursor(const Position& position);
// Nothing when ToCursor did not make it.
std::optional<Position> FromCursor(std::string_view cursor);

}  // namespace sockel::events
