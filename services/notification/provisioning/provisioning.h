#pragma once

#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "common/pg/database.h"
#include "sockel/provisioner/v1/provisioner.pb.h"

namespace sockel::notification {

// Gives a tenant its notifications: the sender `default`, with the address in
// the parameter `sender_address` and, where given, the name in
// `tenant_display_name`. Everything happens at once, so an operation is never
// IN_PROGRESS. Output `sender`. Thread-safe.
class Provisioning {
 public:
  explicit Provisioning(pg::Database& db) : db_(db) {}

  absl::StatusOr<provisioner::v1::Operation> Provision(
      const Caller& caller, const provisioner::v1::ProvisionRequest& request);
  // Removes the sender when it came with the tenant's instances and this is the
  // last of them. Messages keep the address they were sent from.
  absl::StatusOr<provisioner::v1::Operation> Deprovision(
      const Caller& caller, const provisioner::v1::DeprovisionRequest& request);
  absl::StatusOr<provisioner::v1::Operation> GetOperation(
      const Caller& caller, const provisioner::v1::GetOperationRequest& request);

 private:
  pg::Database& db_;
};

}  // namespace sockel::notification
