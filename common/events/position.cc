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

std::string Prefix(std::string_view service) {
  return std::string("e1-").append(service).append("-");
}

}  // namespace

std::string ToCursor(std::string_view service, const Position& position) {
  return absl::StrCat(Prefix(service), absl::Hex(position.xid), "-",
                      absl::Hex(static_cast<std::uint64_t>(position.seq)));
}

std::optional<Position> FromCursor(std::string_view service, std::string_view cursor) {
  const std::string prefix = Prefix(service);
  if (cursor.substr(0, prefix.size()) != prefix) return std::nullopt;
  const std::string_view rest = cursor.substr(prefix.size());
  const std::size_t dash = rest.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  Position position;
  if (!ReadHex(rest.substr(0, dash), position.xid) ||
      !ReadHex(rest.substr(dash + 1), position.seq) || ToCursor(service, position) != cursor) {
    return std::nullopt;
  }
  return position;
}

}  // namespace sockel::events
