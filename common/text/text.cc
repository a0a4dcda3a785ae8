#include "common/text/text.h"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>

namespace sockel::text {
namespace {

bool IsAscii(std::string_view s) {
  for (const char c : s) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

const utf8proc_uint8_t* Bytes(std::string_view s) {
  return reinterpret_cast<const utf8proc_uint8_t*>(s.data());
}

}  // namespace

bool IsUtf8(std::string_view s) {
  if (IsAscii(s)) return true;
  while (!s.empty()) {
    utf8proc_int32_t code_point = 0;
    const utf8proc_ssize_t used =
        utf8proc_iterate(Bytes(s), static_cast<utf8proc_ssize_t>(s.size()), &code_point);
    if (used <= 0) return false;
    s.remove_prefix(static_cast<std::size_t>(used));
  }
  return true;
}

std::size_t CodePoints(std::string_view utf8) {
  std::size_t count = 0;
  for (const char c : utf8) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

// Everything below U+0300 is in NFC whatever stands next to it (Unicode,
// DerivedNormalizationProps: NFC_Quick_Check=Yes, combining class 0).
bool IsPlainlyNfc(std::string_view utf8) {
  for (const char c : utf8) {
    if (static_cast<unsigned char>(c) >= 0xCC) return false;
  }
  return true;
}

bool IsStreamSafe(std::string_view utf8) {
  constexpr int kMostMarks = 30;
  int marks = 0;
  while (!utf8.empty()) {
    utf8proc_int32_t code_point = 0;
    const utf8proc_ssize_t used =
        utf8proc_iterate(Bytes(utf8), static_cast<utf8proc_ssize_t>(utf8.size()), &code_point);
    if (used <= 0) return false;
    marks = utf8proc_get_property(code_point)->combining_class == 0 ? 0 : marks + 1;
    if (marks > kMostMarks) return false;
    utf8.remove_prefix(static_cast<std::size_t>(used));
  }
  return true;
}

std::string ToNfc(std::string_view utf8) {
  if (IsPlainlyNfc(utf8)) return std::string(utf8);
  utf8proc_uint8_t* normal = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(Bytes(utf8), static_cast<utf8proc_ssize_t>(utf8.size()), &normal,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(normal, &std::free);
  if (size < 0) return std::string(utf8);
  return std::string(reinterpret_cast<const char*>(normal), static_cast<std::size_t>(size));
}

}  // namespace sockel::text
