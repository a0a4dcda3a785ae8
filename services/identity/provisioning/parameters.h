#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/identity/service_accounts/service_accounts.h"
#include "sockel/provisioner/v1/provisioner.pb.h"

namespace sockel::identity {

// What identity takes from an order's parameters; those of other services are
// passed over.
struct Parameters {
  std::string tenant;                // tenant_code of the request
  std::string tenant_display_name;   // tenant_display_name
  std::string admin_login;           // admin_login
  std::string admin_email;           // admin_email
  std::string admin_display_name;    // admin_display_name
  std::string application_name;      // application_name
  PublicKey application_public_key;  // application_public_key: JWK, as text or object
  // SHA-256 over the tenant and all parameters of the order.
  std::string hash;
};

// INVALID_ARGUMENT names the field, `parameters.admin_login`.
absl::StatusOr<Parameters> ReadParameters(const provisioner::v1::ProvisionRequest& request);

}  // namespace sockel::identity
