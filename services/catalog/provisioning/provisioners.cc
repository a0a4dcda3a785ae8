#include "services/catalog/provisioning/provisioners.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/client/call.h"
#include "common/error/error.h"
#include "services/catalog/names.h"
#include "sockel/identity/v1/user.grpc.pb.h"
#include "sockel/notification/v1/message.grpc.pb.h"
#include "sockel/provisioner/v1/provisioner.grpc.pb.h"

namespace sockel::catalog {
namespace {

using provisioner::v1::ProvisionerService;

// A provisioner that takes longer answers IN_PROGRESS; what did not answer in
// time is asked for with GetOperation.
client::CallOptions PartOf(const Caller& caller) {
  return {.timeout = absl::Seconds(5), .caller = &caller};
}

std::string InvitationText(const identity::v1::IssueActivationCodeResponse& invitation,
                           const std::string& tenant) {
  return absl::StrCat(
      "Guten Tag,\n\nfür Sie wurde ein Administratorkonto eingerichtet.\n\n"
      "  Mandant:          ",
      tenant, "\n  Anmeldename:      ", invitation.login(),
      "\n  Aktivierungscode: ", invitation.code(),
      "\n\nBitte vergeben Sie damit Ihr Passwort, zum Beispiel mit\n\n"
      "  sockel activate --tenant ",
      tenant, " --user ", invitation.login(),
      "\n\nund geben Sie den Code ein, wenn danach gefragt wird.\n\n"
      "Der Code gilt einmal und sieben Tage lang. Haben Sie nichts bestellt, dann melden Sie\n"
      "diese Nachricht bitte Ihrem IT-Dienstleister.\n");
}

}  // namespace

GrpcProvisioners::GrpcProvisioners(std::map<std::string, std::shared_ptr<grpc::Channel>> channels)
    : channels_(std::move(channels)) {}
GrpcProvisioners::~GrpcProvisioners() = default;

absl::StatusOr<std::shared_ptr<grpc::Channel>> GrpcProvisioners::Find(
    const std::string& service) const {
  const auto it = channels_.find(service);
  if (it != channels_.end()) return it->second;
  return absl::FailedPreconditionError(absl::StrCat("no service ", service, " is configured"));
}

Provisioners::Answer GrpcProvisioners::Provision(const Caller& caller, const std::string& service,
                                                 const provisioner::v1::ProvisionRequest& request) {
  auto channel = Find(service);
  if (!channel.ok()) return channel.status();
  ProvisionerService::Stub stub(*channel);
  return client::Unary(stub, &ProvisionerService::Stub::Provision, request, PartOf(caller));
}

Provisioners::Answer GrpcProvisioners::GetOperation(const Caller& caller,
                                                    const std::string& service,
                                                    const std::string& instance_id) {
  auto channel = Find(service);
  if (!channel.ok()) return channel.status();
  ProvisionerService::Stub stub(*channel);
  provisioner::v1::GetOperationRequest request;
  request.set_instance_id(instance_id);
  return client::Unary(stub, &ProvisionerService::Stub::GetOperation, request, PartOf(caller));
}

Provisioners::Answer GrpcProvisioners::Deprovision(const Caller& caller, const std::string& service,
                                                   const std::string& instance_id) {
  auto channel = Find(service);
  if (!channel.ok()) return channel.status();
  ProvisionerService::Stub stub(*channel);
  provisioner::v1::DeprovisionRequest request;
  request.set_instance_id(instance_id);
  return client::Unary(stub, &ProvisionerService::Stub::Deprovision, request, PartOf(caller));
}

absl::Status GrpcProvisioners::Invite(const Caller& caller, const std::string& admin) {
  auto identity = Find("identity");
  if (!identity.ok()) return identity.status();
  auto notification = Find("notification");
  if (!notification.ok()) return notification.status();

  identity::v1::UserService::Stub users(*identity);
  identity::v1::IssueActivationCodeRequest issue;
  issue.set_name(admin);
  auto invitation = client::Unary(users, &identity::v1::UserService::Stub::IssueActivationCode,
                                  issue, PartOf(caller));
  if (!invitation.ok()) return invitation.status();

  const std::string tenant = Segment(admin, 1);
  notification::v1::SendMessageRequest send;
  send.set_parent(absl::StrCat("tenants/", tenant));
  notification::v1::Message& message = *send.mutable_message();
  message.mutable_content()->set_subject("Ihr Administratorkonto");
  message.mutable_content()->set_text_body(InvitationText(*invitation, tenant));
  message.add_recipients()->set_user(admin);
  message.add_channels(notification::v1::Message::EMAIL);
  message.set_reference(admin);
  // Whoever reads the code is the tenant's administrator.
  message.set_confidential(true);
  notification::v1::MessageService::Stub messages(*notification);
  return client::Unary(messages, &notification::v1::MessageService::Stub::SendMessage, send,
                       PartOf(caller))
      .status();
}

}  // namespace sockel::catalog
