#include "services/efile/provisioning/provisioner.h"

#include "common/clock/timestamp.h"
#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ids/ids.h"
#include "common/ledger/ledger.h"
#include "services/efile/convert.h"
#include "services/efile/file_plan/file_plan.h"
#include "services/efile/provisioning/parameters.h"

namespace sockel::efile {
namespace {

using error::CommonReason;
using provisioner::v1::Operation;

// The tenant is in no resource name of the request, so the dispatcher checked
// the permission for the caller's own tenant: that must be the provider.
absl::Status RequireProvider(const Caller& caller) {
  if (caller.home_tenant == "provider") return absl::OkStatus();
  return error::Make(absl::StatusCode::kPermissionDenied, CommonReason::PERMISSION_MISSING,
                     "Only the provider's services may provision.",
                     {{"permission", caller.permission}});
}

Operation Succeeded(const std::string& instance_id, absl::Time time) {
  Operation operation;
  operation.set_instance_id(instance_id);
  operation.set_state(Operation::SUCCEEDED);
  *operation.mutable_update_time() = ToTimestamp(time);
  return operation;
}

void Record(pg::WriteTransaction& tx, const std::string& instance_id, const std::string& event) {
  const std::string tenant = "tenants/" + tx.caller().tenant;
  ledger::Append(tx, {.resource = tenant, .details = {{"instance", instance_id}}});
  events::Emit(tx, {.type = event, .resource = tenant, .attributes = {{"instance", instance_id}}});
}

absl::Status InstanceNotFound() {
  return error::Make(absl::StatusCode::kNotFound, CommonReason::INSTANCE_NOT_FOUND,
                     "The instance was never provisioned here.");
}

}  // namespace

absl::StatusOr<std::optional<InstanceRow>> Provisioner::Find(const Caller& caller,
                                                             const std::string& instance_id) {
  if (!ids::IsUuid(instance_id)) return std::optional<InstanceRow>();
  return db_.Read(caller.InTenant("*"), "instances.find",
                  [&](pg::Transaction& tx) -> absl::StatusOr<std::optional<InstanceRow>> {
                    return store_.Find(tx, instance_id);
                  });
}

absl::StatusOr<Operation> Provisioner::Provision(const Caller& caller,
                                                 const provisioner::v1::ProvisionRequest& request) {
  absl::Status allowed = RequireProvider(caller);
  if (!allowed.ok()) return allowed;
  auto entries = FilePlanFrom(request.parameters());
  if (!entries.ok()) return entries.status();
  const std::string& id = request.instance_id();
  const std::string hash = HashOf(request.tenant_code(), *entries);
  auto known = Find(caller, id);
  if (!known.ok()) return known.status();
  if (*known && (*known)->parameters_hash != hash) {
    return error::Make(absl::StatusCode::kAlreadyExists, CommonReason::INSTANCE_CONFLICT,
                       "instance_id: is in use with other content");
  }
  if (*known && (*known)->provisioned) return Succeeded(id, (*known)->update_time);
  absl::StatusOr<std::string> key = keys_.NewTenantKey(request.tenant_code());
  if (!key.ok()) return key.status();
  return db_.Write(caller.InTenant(request.tenant_code()), "instances.provision",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<Operation> {
                     keys_.CreateIn(tx, *key);
                     for (const OrderedEntry& ordered : *entries) {
                       AddFilePlanEntry(tx, file_plan_, ordered.code, ordered.entry);
                     }
                     const InstanceRow row = store_.Upsert(tx, id, hash);
                     Record(tx, id, "efile.instance.provisioned");
                     return Succeeded(id, row.update_time);
                   });
}

absl::StatusOr<Operation> Provisioner::Deprovision(
    const Caller& caller, const provisioner::v1::DeprovisionRequest& request) {
  absl::Status allowed = RequireProvider(caller);
  if (!allowed.ok()) return allowed;
  const std::string& id = request.instance_id();
  auto known = Find(caller, id);
  if (!known.ok()) return known.status();
  if (!*known) {
    Operation nothing_left;
    nothing_left.set_instance_id(id);
    nothing_left.set_state(Operation::SUCCEEDED);
    return nothing_left;
  }
  if (!(*known)->provisioned) return Succeeded(id, (*known)->update_time);
  return db_.Write(caller.InTenant((*known)->tenant), "instances.deprovision",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<Operation> {
                     const InstanceRow row = store_.TakeBack(tx, id);
                     Record(tx, id, "efile.instance.deprovisioned");
                     return Succeeded(id, row.update_time);
                   });
}

absl::StatusOr<Operation> Provisioner::GetOperation(
    const Caller& caller, const provisioner::v1::GetOperationRequest& request) {
  absl::Status allowed = RequireProvider(caller);
  if (!allowed.ok()) return allowed;
  auto known = Find(caller, request.instance_id());
  if (!known.ok()) return known.status();
  if (!*known) return InstanceNotFound();
  return Succeeded(request.instance_id(), (*known)->update_time);
}

}  // namespace sockel::efile
