#pragma once

#include <cstddef>
#include <string_view>

// Characters of text that others wrote, as it goes to a screen or a folder. A
// character is one UTF-8 sequence.
namespace sockel::cli {

// Bytes of the character that `text` begins with; 0 = none begins there.
std::size_t CharacterLength(std::string_view text);

// C0, DEL, C1: what steers a terminal.
bool IsControl(std::string_view character);

// Turns the direction of reading, so that `gpj.exe` is shown as `exe.jpg`, or
// ends a line: U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069, U+2028,
// U+2029.
bool TurnsDirection(std::string_view character);

}  // namespace sockel::cli
