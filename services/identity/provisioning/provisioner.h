#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "common/pg/database.h"
#include "services/identity/provisioning/parameters.h"
#include "services/identity/revocations/revoker.h"
#include "sockel/provisioner/v1/provisioner.pb.h"

namespace sockel::identity {

// Sets up a tenant for the catalog: the tenant, its first administrator (to be
// activated with a code), the service account of its application. All in one
// transaction, so that an instance is there whole or not at all. Thread-safe.
class Provisioner {
 public:
  Provisioner(pg::Database& db, const Revoker& revoker) : db_(db), revoker_(revoker) {}

  absl::StatusOr<provisioner::v1::Operation> Provision(
      const Caller& caller, const provisioner::v1::ProvisionRequest& request);
  // Deletes what was made; once the tenant has been used, suspends it instead.
  absl::StatusOr<provisioner::v1::Operation> Deprovision(
      const Caller& caller, const provisioner::v1::DeprovisionRequest& request);
  absl::StatusOr<provisioner::v1::Operation> GetOperation(
      const Caller& caller, const provisioner::v1::GetOperationRequest& request);

 private:
  absl::StatusOr<provisioner::v1::Operation> Make(const Caller& caller, const std::string& instance,
                                                  const Parameters& parameters) const;

  pg::Database& db_;
  const Revoker& revoker_;
};

}  // namespace sockel::identity
