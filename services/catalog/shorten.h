#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sockel::catalog {

// The beginning of `utf8` in at most `most` bytes, without half a character at
// its end.
inline std::string Shorten(std::string_view utf8, std::size_t most) {
  if (utf8.size() <= most) return std::string(utf8);
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(utf8[at]) & 0xC0) == 0x80;
  };
  while (most > 0 && continues(most)) --most;
  return std::string(utf8.substr(0, most));
}

}  // namespace sockel::catalog
