#include "services/notification/mail/address.h"

#include <algorithm>
#include <cstddef>

#include "common/text/text.h"

namespace sockel::notification {
namespace {

unsigned char At(std::string_view text, std::size_t i) {
  return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
}

// A control character or a Unicode line break begins at `i`.
bool IsControlAt(std::string_view text, std::size_t i) {
  const unsigned char c = At(text, i);
  if (c < 0x20 || c == 0x7f) return true;
  if (c == 0xc2) return At(text, i + 1) <= 0x9f;  // U+0080…U+009F
  return c == 0xe2 && At(text, i + 1) == 0x80 &&  // U+2028, U+2029
         (At(text, i + 2) == 0xa8 || At(text, i + 2) == 0xa9);
}

// Bytes of the character at the beginning; 0 when none begins there.
std::size_t CharacterLength(std::string_view words) {
  const std::size_t longest = std::min<std::size_t>(words.size(), 4);
  for (std::size_t length = 1; length <= longest; ++length) {
    if (text::IsUtf8(words.substr(0, length))) return length;
  }
  return 0;
}

}  // namespace

std::string_view DomainOf(std::string_view address) {
  return address.substr(address.rfind('@') + 1);
}

bool IsOneLine(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (IsControlAt(text, i)) return false;
  }
  return true;
}

bool IsPlainText(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '\n' && c != '\r' && c != '\t' && IsControlAt(text, i)) return false;
  }
  return true;
}

std::string ToOneLine(std::string_view words, std::size_t most) {
  std::string line;
  while (!words.empty()) {
    const std::size_t length = CharacterLength(words);
    const std::string_view character = words.substr(0, std::max<std::size_t>(length, 1));
    const std::string_view shown = length != 0 && IsOneLine(character) ? character : "?";
    if (line.size() + shown.size() > most) break;
    line.append(shown);
    words.remove_prefix(character.size());
  }
  return line;
}

}  // namespace sockel::notification
