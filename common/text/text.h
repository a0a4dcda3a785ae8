#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// Text as it comes from outside.
namespace sockel::text {

// Strictly UTF-8 (no surrogates, no overlong forms, at most U+10FFFF).
bool IsUtf8(std::string_view s);

// Unicode code points of valid UTF-8.
std::size_t CodePoints(std::string_view utf8);

// Certainly in Normalization Form C, told without tables: true for ASCII and
// Latin-1 text; false means "ask ToNfc()".
bool IsPlainlyNfc(std::string_view utf8);

// At most 30 combining marks follow each other: Stream-Safe Text Format (UAX #15
// section 13), which every natural language keeps. `utf8` must be valid.
bool IsStreamSafe(std::string_view utf8);

// Unicode Normalization Form C (UAX #15). `utf8` must be valid. Sorting marks
// takes the square of their number: ask IsStreamSafe() before for text from
// outside.
std::string ToNfc(std::string_view utf8);

}  // namespace sockel::text
