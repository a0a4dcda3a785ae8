#include "services/identity/sign_in/session_policy.h"

#include "common/error/error.h"

namespace sockel::identity {

absl::Status CheckMaySignIn(bool account_active, bool tenant_active) {
  if (!account_active) {
    return error::FailedPrecondition(
        "ACCOUNT_LOCKED", "The account is locked; an administrator of the tenant can unlock it.");
  }
  if (!tenant_active) {
    return error::FailedPrecondition("TENANT_SUSPENDED",
                                     "The tenant is suspended; the provider can resume it.");
  }
  return absl::OkStatus();
}

}  // namespace sockel::identity
