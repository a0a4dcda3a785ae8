#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace sockel::identity {

// How long sessions live.
struct SessionPolicy {
  // From sign-in.
  absl::Duration lifetime = absl::Hours(12);
  // Without a refresh.
  absl::Duration idle = absl::Hours(2);
  // A refresh token may be sent again so long after it was used.
  absl::Duration retry_grace = absl::Seconds(30);
};

// FAILED_PRECONDITION unless both may sign in.
absl::Status CheckMaySignIn(bool account_active, bool tenant_active);

}  // namespace sockel::identity
