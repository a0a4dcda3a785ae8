#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/caller/authenticator.h"

namespace sockel::auth {

// What an access token says. A plain value.
struct Claims {
  // Whom it speaks for, and until when (to the second).
  Principal principal;
  // The token's own id (`jti`).
  std::string token_id;
  // How the subject proved itself, RFC 8176: `pwd`, `otp`, …
  std::vector<std::string> authentication_methods;
  // When it did; equals `principal.issue_time` for service accounts.
  absl::Time authentication_time;
};

}  // namespace sockel::auth
