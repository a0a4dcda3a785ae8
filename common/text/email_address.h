#pragma once

#include <string_view>

namespace sockel::text {

// An e-mail address as browsers understand it (WHATWG HTML, "valid e-mail
// address"), in ASCII: at most 64 characters before the @, 254 in all. Nothing
// that could end a header line or an SMTP command passes.
bool IsEmailAddress(std::string_view address);

}  // namespace sockel::text
