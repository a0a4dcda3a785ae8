#include "services/identity/provisioning/provisioner.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/auth/roles.h"
#include "common/clock/timestamp.h"
#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ids/ids.h"
#include "common/ledger/ledger.h"
#include "services/identity/names/names.h"
#include "services/identity/provisioning/provisioner_store.h"
#include "services/identity/role_bindings/role_binding_store.h"
#include "services/identity/role_bindings/role_bindings.h"
#include "services/identity/service_accounts/service_account_store.h"
#include "services/identity/tenants/tenant_store.h"
#include "services/identity/users/user_store.h"
#include "services/identity/users/users.h"

namespace sockel::identity {
namespace {

using provisioner::v1::Operation;
using provisioner_store::Instance;

constexpr char kApplication[] = "application";  // id and role of the account

Operation Succeeded(const Instance& instance) {
  Operation operation;
  operation.set_instance_id(instance.id);
  operation.set_state(Operation::SUCCEEDED);
  *operation.mutable_update_time() = ToTimestamp(instance.update_time);
  if (instance.deprovisioned) return operation;
  auto& outputs = *operation.mutable_outputs();
  outputs["tenant"] = TenantName(instance.tenant);
  outputs["admin"] = UserName(instance.tenant, instance.user);
  outputs["service_account"] = ServiceAccountName(instance.tenant, instance.service_account);
  return operation;
}

Operation Failed(const std::string& instance, const std::string& why, absl::Time time) {
  Operation operation;
  operation.set_instance_id(instance);
  operation.set_state(Operation::FAILED);
  operation.set_error(why);
  *operation.mutable_update_time() = ToTimestamp(time);
  return operation;
}

absl::Status Conflict() {
  return error::Make(absl::StatusCode::kAlreadyExists, error::CommonReason::INSTANCE_CONFLICT,
                     "instance_id is in use with other content.");
}

absl::StatusOr<std::optional<Instance>> Lookup(pg::Database& db, const Caller& caller,
                                               const std::string& instance) {
  return db.Read(caller.InTenant("*"), "provisioner.find",
                 [&](pg::Transaction& tx) -> absl::StatusOr<std::optional<Instance>> {
                   return provisioner_store::Find(tx, instance);
                 });
}

// What is there already, judged against what is asked for.
absl::StatusOr<Operation> Compare(const Instance& instance, const Parameters& parameters) {
  if (instance.parameters_hash != parameters.hash) return Conflict();
  if (instance.deprovisioned) {
    return Failed(instance.id, "The instance was taken back after it had been used.",
                  instance.update_time);
  }
  return Succeeded(instance);
}

void Record(pg::WriteTransaction& tx, const std::string& resource, const std::string& instance,
            const char* event, std::map<std::string, std::string> attributes = {}) {
  ledger::Append(tx, {.resource = resource, .details = {{"instance", instance}}});
  events::Emit(tx, {.type = event, .resource = resource, .attributes = std::move(attributes)});
}

void Bind(pg::WriteTransaction& tx, const PrincipalName& principal, const char* role,
          const std::string& instance) {
  const auto inserted = role_binding_store::Insert(tx, ids::NewUuidV7(tx.time()), principal, role);
  const v1::RoleBinding& binding = *inserted.binding;
  Record(tx, binding.name(), instance, "identity.roleBinding.created",
         {{"principal", binding.principal()}, {"role", binding.role()}});
}

std::string MakeAdmin(pg::WriteTransaction& tx, const Parameters& parameters,
                      const std::string& instance) {
  v1::User values;
  values.set_login(parameters.admin_login);
  values.set_email_address(parameters.admin_email);
  values.set_display_name(parameters.admin_display_name);
  values.set_locale(kDefaultLocale);
  const std::string id = ids::NewUuidV7(tx.time());
  user_store::Insert(tx, id, values);
  Record(tx, UserName(parameters.tenant, id), instance, "identity.user.created");
  Bind(tx, {parameters.tenant, PrincipalName::Kind::kUser, id}, kTenantAdminRole, instance);
  return id;
}

void MakeApplication(pg::WriteTransaction& tx, const Parameters& parameters,
                     const std::string& instance) {
  service_account_store::Insert(tx, kApplication, parameters.application_name);
  service_account_store::InsertKey(tx, kApplication, parameters.application_public_key.id,
                                   parameters.application_public_key.jwk, std::nullopt);
  Record(tx, ServiceAccountName(parameters.tenant, kApplication), instance,
         "identity.serviceAccount.created");
  Bind(tx, {parameters.tenant, PrincipalName::Kind::kServiceAccount, kApplication}, kApplication,
       instance);
}

// Everything, in the order of the references. The tenant's log stays.
void DeleteAll(pg::WriteTransaction& tx, const Instance& instance) {
  user_store::Delete(tx, instance.user);
  service_account_store::Delete(tx, instance.service_account);
  provisioner_store::Delete(tx, instance.id);
  tenant_store::Delete(tx, instance.tenant);
  Record(tx, TenantName(instance.tenant), instance.id, "identity.tenant.deleted");
}

void Suspend(pg::WriteTransaction& tx, const Instance& instance) {
  if (auto tenant = tenant_store::FindForUpdate(tx, instance.tenant)) {
    tenant->set_state(v1::Tenant::SUSPENDED);
    tenant_store::Update(tx, instance.tenant, *tenant);
  }
  provisioner_store::MarkDeprovisioned(tx, instance.id);
  Record(tx, TenantName(instance.tenant), instance.id, "identity.tenant.suspended");
}

}  // namespace

absl::StatusOr<Operation> Provisioner::Provision(const Caller& caller,
                                                 const provisioner::v1::ProvisionRequest& request) {
  auto parameters = ReadParameters(request);
  if (!parameters.ok()) return parameters.status();
  auto known = Lookup(db_, caller, request.instance_id());
  if (!known.ok()) return known.status();
  if (known->has_value()) return Compare(**known, *parameters);
  return Make(caller, request.instance_id(), *parameters);
}

absl::StatusOr<Operation> Provisioner::Make(const Caller& caller, const std::string& id,
                                            const Parameters& parameters) const {
  const Caller inside = caller.InTenant(parameters.tenant);
  return db_.Write(
      inside, "provisioner.provision", [&](pg::WriteTransaction& tx) -> absl::StatusOr<Operation> {
        const auto tenant = tenant_store::Insert(
            tx, parameters.tenant, parameters.tenant_display_name, v1::Tenant::MINISTRY);
        if (!tenant.has_value()) {
          // Perhaps the same call, a moment ago.
          if (auto instance = provisioner_store::Find(tx, id))
            return Compare(*instance, parameters);
          return Failed(id, absl::StrCat("The tenant ", parameters.tenant, " exists already."),
                        tx.time());
        }
        Record(tx, tenant->name(), id, "identity.tenant.created");
        const std::string admin = MakeAdmin(tx, parameters, id);
        MakeApplication(tx, parameters, id);
        const Instance instance{id,    parameters.tenant, parameters.hash, admin, kApplication,
                                false, tx.time()};
        provisioner_store::Insert(tx, instance);
        return Succeeded(instance);
      });
}

absl::StatusOr<Operation> Provisioner::Deprovision(
    const Caller& caller, const provisioner::v1::DeprovisionRequest& request) {
  auto known = Lookup(db_, caller, request.instance_id());
  if (!known.ok()) return known.status();
  if (!known->has_value() || (*known)->deprovisioned) {
    Instance gone;
    if (known->has_value()) gone = **known;
    gone.id = request.instance_id();
    gone.deprovisioned = true;
    return Succeeded(gone);
  }
  Instance instance = **known;
  const Caller inside = caller.InTenant(instance.tenant);
  return db_.Write(inside, "provisioner.deprovision",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<Operation> {
                     revoker_.Begin(tx);
                     tenant_store::FindForUpdate(tx, instance.tenant);
                     if (provisioner_store::IsUntouched(tx)) {
                       DeleteAll(tx, instance);
                     } else {
                       Suspend(tx, instance);
                     }
                     revoker_.Revoke(tx, TenantName(instance.tenant));
                     instance.deprovisioned = true;
                     instance.update_time = tx.time();
                     return Succeeded(instance);
                   });
}

absl::StatusOr<Operation> Provisioner::GetOperation(
    const Caller& caller, const provisioner::v1::GetOperationRequest& request) {
  auto known = Lookup(db_, caller, request.instance_id());
  if (!known.ok()) return known.status();
  if (!known->has_value()) {
    return error::Make(absl::StatusCode::kNotFound, error::CommonReason::INSTANCE_NOT_FOUND,
                       "No such instance was ever provisioned here, or it was taken back.");
  }
  return Succeeded(**known);
}

}  // namespace sockel::identity
