#include "common/events/position.h"

#include <algorithm>
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

// So many of the random characters at the end of a UUID.
constexpr std::size_t kEnd = 8;

bool IsEnd(std::string_view text) {
  return text.empty() || (text.size() == kEnd &&
                          text.find_first_not_of("0123456789abcdef") == std::string_view::npos);
}

std::string Prefix(const Origin& origin) {
  return std::string("e1-").append(origin.service).append("-").append(origin.tenant).append("-");
}

}  // namespace

std::string EndOf(std::string_view event_id) {
  return std::string(event_id.substr(event_id.size() - std::min(kEnd, event_id.size())));
}

std::string ToCursor(const Origin& origin, const Mark& mark) {
  return absl::StrCat(Prefix(origin), absl::Hex(mark.position.xid), "-",
                      absl::Hex(static_cast<std::uint64_t>(mark.position.seq)), "-", mark.event);
}

std::optional<Mark> FromCursor(const Origin& origin, std::string_view cursor) {
  const std::string prefix = Prefix(origin);
  if (cursor.substr(0, prefix.size()) != prefix) return std::nullopt;
  const std::string_view rest = cursor.substr(prefix.size());
  const std::size_t first = rest.find('-');
  const std::size_t second = rest.find('-', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  Mark mark{{}, std::string(rest.substr(second + 1))};
  if (!ReadHex(rest.substr(0, first), mark.position.xid) ||
      !ReadHex(rest.substr(first + 1, second - first - 1), mark.position.seq) ||
      !IsEnd(mark.event) || ToCursor(origin, mark) != cursor) {
    return std::nullopt;
  }
  return mark;
}

}  // namespace sockel::events
