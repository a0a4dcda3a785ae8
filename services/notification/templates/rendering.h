#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/notification/templates/parameters.h"
#include "sockel/notification/v1/template.pb.h"

// Fills the gaps of templates. The language of templates is a small part of
// ctemplate's: `{{name}}` and `{{#name}}…{{/name}}`. Every marker is read and
// written anew before ctemplate sees it, so that no include, pragma, modifier
// or change of delimiters gets through.
namespace sockel::notification {

// The most one part may become.
inline constexpr std::size_t kMaxRenderedBytes = 256 * 1024;

struct Rendered {
  v1::Content content;
  std::string locale;  // of the text used
};

// Whether a version could be sent with suitable values: names declared once,
// markers right in every text, no TEXT in a subject, locales different, HTML
// that ctemplate can escape for. INVALID_ARGUMENT/TEMPLATE_INVALID that names
// the field below `field`, e.g. `template.latest`.
absl::Status CheckTemplateVersion(const v1::TemplateVersion& version, std::string_view field);

// The text for a locale: exact, else its language, else the first.
const v1::TemplateText& TextFor(const v1::TemplateVersion& version, std::string_view locale);

// Fills in. `version` passed CheckTemplateVersion() and `values`
// CheckParameters(). INVALID_ARGUMENT/CONTENT_TOO_LARGE when a part becomes
// larger than the limit. Thread-safe, without global state.
absl::StatusOr<Rendered> Render(const v1::TemplateVersion& version, const ParameterValues& values,
                                std::string_view locale);

}  // namespace sockel::notification
