#include "tools/sockel/transfer/names.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "common/text/text.h"
#include "tools/sockel/characters.h"

namespace sockel::cli {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD
constexpr std::size_t kLongestExtension = 20;

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

std::string PresentableName(std::string_view bytes, std::size_t most) {
  std::string clean;
  while (!bytes.empty()) {
    const std::size_t length = CharacterLength(bytes);
    const std::string_view sequence = bytes.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0) {
      clean += kReplacement;
    } else if (sequence == "\\" || IsControl(sequence)) {
      clean += '_';
    } else {
      clean += sequence;
    }
    bytes.remove_prefix(sequence.size());
  }
  clean = text::ToNfc(clean);
  std::size_t characters = text::CodePoints(clean);
  if (characters <= most) return clean;
  std::size_t begin = 0;
  for (; characters >= most; --characters) {
    ++begin;
    while (begin < clean.size() && IsContinuation(clean[begin])) ++begin;
  }
  return "…" + clean.substr(begin);
}

std::string NameInFolder(std::string_view given) {
  given.remove_prefix(given.find_last_of("/\\") + 1);  // npos + 1 = 0
  const std::string shown = PresentableName(given, std::string::npos);
  std::string name;
  for (std::string_view left = shown; !left.empty();) {
    const std::size_t length = std::max<std::size_t>(CharacterLength(left), 1);
    const std::string_view sequence = left.substr(0, length);
    if (TurnsDirection(sequence)) {
      name += '_';
    } else {
      name += sequence;
    }
    left.remove_prefix(length);
  }
  if (!name.empty() && (name[0] == '.' || name[0] == '-')) name[0] = '_';
  return name;
}

std::string ShortenedFileName(const std::string& name, std::size_t most) {
  if (name.size() <= most) return name;
  std::size_t dot = name.rfind('.');
  if (dot == std::string::npos || name.size() - dot > kLongestExtension) dot = name.size();
  std::size_t end = std::min(dot, most - (name.size() - dot));
  while (end > 0 && IsContinuation(name[end])) --end;
  return name.substr(0, end) + name.substr(dot);
}

}  // namespace sockel::cli
