#include "services/identity/names/display_name.h"

#include <utf8proc.h>

#include "common/error/error.h"
#include "common/text/email_address.h"

namespace sockel::identity {
namespace {

bool IsDeceptive(utf8proc_int32_t c) {
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return true;
    default:
      // Letters and marks by category, and yet nothing to be seen.
      return utf8proc_get_property(c)->ignorable != 0;
  }
}

// What a text consists of.
struct Content {
  bool deceptive = false;
  bool visible = false;
};

Content ContentOf(std::string_view text) {
  Content content;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t c = 0;
    const utf8proc_ssize_t used = utf8proc_iterate(bytes, left, &c);
    if (used <= 0 || IsDeceptive(c)) {
      content.deceptive = true;
      return content;
    }
    if (utf8proc_category(c) != UTF8PROC_CATEGORY_ZS) content.visible = true;
    bytes += used;
    left -= used;
  }
  return content;
}

}  // namespace

absl::Status CheckDisplayName(std::string_view field, std::string_view name) {
  const Content content = ContentOf(name);
  if (content.deceptive) {
    return error::InvalidField(
        field, "must have no control, bidirectional, invisible or unassigned characters");
  }
  if (!content.visible) {
    return error::InvalidField(field, "must have at least one visible character");
  }
  return absl::OkStatus();
}

absl::Status CheckEmail(std::string_view field, std::string_view email) {
  if (email.empty() || text::IsEmailAddress(email)) return absl::OkStatus();
  return error::InvalidField(field, "must be an e-mail address in ASCII");
}

}  // namespace sockel::identity
