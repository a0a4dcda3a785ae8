#include "services/notification/provisioning/provisioning.h"

#include <openssl/sha.h>

#include <optional>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "common/clock/timestamp.h"
#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ids/ids.h"
#include "common/ledger/ledger.h"
#include "services/notification/names.h"
#include "services/notification/provisioning/instance_store.h"
#include "services/notification/senders/sender.h"
#include "services/notification/senders/sender_store.h"

namespace sockel::notification {
namespace {

using instance_store::Instance;
using provisioner::v1::Operation;
using provisioner::v1::ProvisionRequest;

Operation Succeeded(const std::string& instance_id, absl::Time time) {
  Operation operation;
  operation.set_instance_id(instance_id);
  operation.set_state(Operation::SUCCEEDED);
  *operation.mutable_update_time() = ToTimestamp(time);
  return operation;
}

Operation ToOperation(const Instance& instance) {
  Operation operation = Succeeded(instance.instance_id, instance.update_time);
  if (instance.active) {
    (*operation.mutable_outputs())["sender"] = SenderName(instance.tenant, instance.sender_id);
  }
  return operation;
}

// Absent is empty.
absl::StatusOr<std::string> TextParameter(const ProvisionRequest& request,
                                          const std::string& name) {
  const auto field = request.parameters().fields().find(name);
  if (field == request.parameters().fields().end()) return std::string();
  if (field->second.kind_case() == google::protobuf::Value::kStringValue) {
    return field->second.string_value();
  }
  return error::InvalidField("parameters." + name, "must be a text");
}

// Equal requests give equal bytes: maps are written in the order of their keys.
std::string HashOf(const ProvisionRequest& request) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    request.SerializeToCodedStream(&coded);
  }
  std::string hash(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(hash.data()));
  return hash;
}

absl::StatusOr<v1::Sender> OrderedSender(const ProvisionRequest& request) {
  auto address = TextParameter(request, "sender_address");
  if (!address.ok()) return address.status();
  auto display_name = TextParameter(request, "tenant_display_name");
  if (!display_name.ok()) return display_name.status();
  v1::Sender sender;
  sender.set_email_address(*std::move(address));
  sender.set_display_name(*std::move(display_name));
  if (CheckSender(sender, "").ok()) return sender;
  if (sender.email_address().empty()) {
    return error::InvalidField("parameters.sender_address", "is required");
  }
  sender.clear_display_name();
  if (CheckSender(sender, "").ok()) return sender;  // the name is not worth a refusal
  return error::InvalidField("parameters.sender_address", "must be an e-mail address in ASCII");
}

absl::Status Conflict() {
  return error::Make(absl::StatusCode::kAlreadyExists, error::CommonReason::INSTANCE_CONFLICT,
                     "the instance exists with other content");
}

absl::Status Conflict(std::string_view message) {
  absl::Status status =
      error::Make(absl::StatusCode::kAborted, error::CommonReason::CONFLICT, message);
  error::SetRetryAfter(status, absl::Milliseconds(200));
  return status;
}

// Makes the tenant's sender `default`, or takes the one that is there. True when
// it belongs to the tenant's instances: the last one takes it away again.
absl::StatusOr<bool> ProvideSender(pg::WriteTransaction& tx, const v1::Sender& sender) {
  if (InsertSender(tx, kDefaultSender, sender)) return true;
  // Locked, so that Deprovision of another instance does not take it away.
  const auto present = sender_store::FindAndLock(tx, kDefaultSender);
  if (!present) {
    return Conflict("the sender `default` is just being taken away; repeat the call");
  }
  if (present->email_address != sender.email_address()) {
    return error::FailedPrecondition("SENDER_DIFFERS",
                                     "the tenant has a sender `default` with another address");
  }
  return instance_store::HoldersOf(tx, kDefaultSender).owners;
}

absl::StatusOr<Operation> InsertInstance(pg::WriteTransaction& tx, Instance instance,
                                         const v1::Sender& sender) {
  const absl::StatusOr<bool> owns = ProvideSender(tx, sender);
  if (!owns.ok()) return owns.status();
  instance.owns_sender = *owns;
  if (!instance_store::Insert(tx, instance)) {
    return Conflict("the instance is being provisioned by another call; repeat this one");
  }
  ledger::Append(tx, {.resource = SenderName(tx.caller().tenant, kDefaultSender),
                      .details = {{"instance", instance.instance_id}}});
  instance.update_time = tx.time();
  return ToOperation(instance);
}

// The sender stays when it is the tenant's own, or another instance needs it.
Operation TakeBack(pg::WriteTransaction& tx, const Instance& instance) {
  // First, so that of two instances that end together the second sees the first
  // gone.
  sender_store::FindAndLock(tx, instance.sender_id);
  if (!instance_store::Deactivate(tx, instance.instance_id)) {
    return Succeeded(instance.instance_id, tx.time());  // another call was faster
  }
  const std::string name = SenderName(instance.tenant, instance.sender_id);
  ledger::Append(tx, {.resource = name, .details = {{"instance", instance.instance_id}}});
  if (instance.owns_sender && instance_store::HoldersOf(tx, instance.sender_id).active == 0) {
    sender_store::Delete(tx, instance.sender_id);
    events::Emit(tx, {.type = "notification.sender.deleted", .resource = name});
  }
  return Succeeded(instance.instance_id, tx.time());
}

std::optional<Instance> FindIn(pg::Database& db, const Caller& caller,
                               const std::string& instance_id, absl::Status* status) {
  std::optional<Instance> found;
  if (!ids::IsUuid(instance_id)) return found;
  *status = db.Read(caller.InTenant("*"), "instances.find", [&](pg::Transaction& tx) {
    found = instance_store::Find(tx, instance_id);
    return absl::OkStatus();
  });
  return found;
}

}  // namespace

absl::StatusOr<Operation> Provisioning::Provision(const Caller& caller,
                                                  const ProvisionRequest& request) {
  const auto sender = OrderedSender(request);
  if (!sender.ok()) return sender.status();
  const std::string hash = HashOf(request);
  absl::Status status;
  const std::optional<Instance> known = FindIn(db_, caller, request.instance_id(), &status);
  if (!status.ok()) return status;
  if (known && known->active) {
    if (known->request_hash != hash) return Conflict();
    return ToOperation(*known);
  }
  const Instance instance{.tenant = request.tenant_code(),
                          .instance_id = request.instance_id(),
                          .request_hash = hash,
                          .sender_id = kDefaultSender,
                          .active = true};
  return db_.Write(caller.InTenant(request.tenant_code()), "instances.provision",
                   [&](pg::WriteTransaction& tx) { return InsertInstance(tx, instance, *sender); });
}

absl::StatusOr<Operation> Provisioning::Deprovision(
    const Caller& caller, const provisioner::v1::DeprovisionRequest& request) {
  absl::Status status;
  const std::optional<Instance> known = FindIn(db_, caller, request.instance_id(), &status);
  if (!status.ok()) return status;
  if (!known) return Succeeded(request.instance_id(), absl::UnixEpoch());
  if (!known->active) return ToOperation(*known);
  return db_.Write(
      caller.InTenant(known->tenant), "instances.deprovision",
      [&](pg::WriteTransaction& tx) -> absl::StatusOr<Operation> { return TakeBack(tx, *known); });
}

absl::StatusOr<Operation> Provisioning::GetOperation(
    const Caller& caller, const provisioner::v1::GetOperationRequest& request) {
  absl::Status status;
  const std::optional<Instance> known = FindIn(db_, caller, request.instance_id(), &status);
  if (!status.ok()) return status;
  if (!known) {
    return error::Make(absl::StatusCode::kNotFound, error::CommonReason::INSTANCE_NOT_FOUND,
                       "no such instance was provisioned here");
  }
  return ToOperation(*known);
}

}  // namespace sockel::notification
