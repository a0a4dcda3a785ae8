#include "tools/sockel/characters.h"

#include <algorithm>

#include "common/text/text.h"

namespace sockel::cli {

std::size_t CharacterLength(std::string_view text) {
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
  std::size_t length = 1;
  while (length < std::min<std::size_t>(text.size(), 4) && continues(text[length])) ++length;
  return text::IsUtf8(text.substr(0, length)) ? length : 0;
}

bool IsControl(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7f;
  return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

bool TurnsDirection(std::string_view character) {
  if (character == "\xd8\x9c") return true;
  if (character.size() != 3 || character[0] != '\xe2') return false;
  const auto last = static_cast<unsigned char>(character[2]);
  if (character[1] == '\x80') {
    return last == 0x8e || last == 0x8f || (last >= 0xa8 && last <= 0xae);
  }
  return character[1] == '\x81' && last >= 0xa6 && last <= 0xa9;
}

}  // namespace sockel::cli
