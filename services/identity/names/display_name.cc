#include "services/identity/names/display_name.h"

#include <utf8proc.h>

#include "common/error/error.h"

namespace sockel::identity {
namespace {

bool IsVisible(utf8proc_int32_t c) {
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    default:
      return true;
  }
}

}  // namespace

absl::Status CheckDisplayName(std::string_view field, std::string_view name) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(name.data());
  auto left = static_cast<utf8proc_ssize_t>(name.size());
  bool only_spaces = true;
  while (left > 0) {
    utf8proc_int32_t c = 0;
    const utf8proc_ssize_t used = utf8proc_iterate(bytes, left, &c);
    if (used <= 0 || !IsVisible(c)) {
      return error::InvalidField(
          field, "must have no control, bidirectional, zero-width or unassigned characters");
    }
    if (utf8proc_category(c) != UTF8PROC_CATEGORY_ZS) only_spaces = false;
    bytes += used;
    left -= used;
  }
  if (only_spaces) return error::InvalidField(field, "must have at least one visible character");
  return absl::OkStatus();
}

}  // namespace sockel::identity
