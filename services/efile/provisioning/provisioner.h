#pragma once

#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "common/pg/database.h"
#include "services/efile/file_plan/file_plan_store.h"
#include "services/efile/keys/tenant_keys.h"
#include "services/efile/provisioning/instance_store.h"
#include "sockel/provisioner/v1/provisioner.pb.h"

namespace sockel::efile {

// Gives the e-file to a tenant: its key and its file plan, in one transaction,
// so every operation is SUCCEEDED when the call returns. Only for callers of
// the provider, whatever their role. Errors as documented in provisioner.proto.
//
// Taking an instance back removes nothing: records outlive an order. Key and
// file plan stay, and serve again when the tenant orders again.
class Provisioner {
 public:
  Provisioner(pg::Database& db, TenantKeys& keys) : db_(db), keys_(keys) {}

  absl::StatusOr<provisioner::v1::Operation> Provision(
      const Caller& caller, const provisioner::v1::ProvisionRequest& request);
  absl::StatusOr<provisioner::v1::Operation> Deprovision(
      const Caller& caller, const provisioner::v1::DeprovisionRequest& request);
  absl::StatusOr<provisioner::v1::Operation> GetOperation(
      const Caller& caller, const provisioner::v1::GetOperationRequest& request);

 private:
  // Nothing when the id was never seen.
  absl::StatusOr<std::optional<InstanceRow>> Find(const Caller& caller,
                                                  const std::string& instance_id);

  pg::Database& db_;
  TenantKeys& keys_;
  InstanceStore store_;
  FilePlanStore file_plan_;
};

}  // namespace sockel::efile
