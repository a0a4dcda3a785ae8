#include "common/events/position.h"

#include <charconv>

#include "absl/strings/str_cat.h"

namespace sockel::events {
namespace {

// Reads hexadecimal up to the end of `text`.
template <typename Number>
bool ReadHex(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, 16);
  return error == std::errc() && stop == end;
}

}  // namespace

std::string ToCursor(const Position& position) {
  return absl::StrCat("e1-", absl::Hex(position.xid), "-",
                      absl::Hex(static_cast<std::uint64_t>(position.seq)));
}

std::optional<Position> FromCursor(std::string_view cursor) {
  constexpr std::string_view kPrefix = "e1-";
  if (cursor.substr(0, kPrefix.size()) != kPrefix) return std::nullopt;
  const std::string_view rest = cursor.substr(kPrefix.size());
  const std::size_t dash = rest.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  Position position;
  if (!ReadHex(rest.substr(0, dash), position.xid) ||
      !ReadHex(rest.substr(dash + 1), position.seq) || ToCursor(position) != cursor) {
    return std::nullopt;
  }
  return position;
}

}  // namespace sockel::events
