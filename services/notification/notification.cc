#include "services/notification/notification.h"

#include <utility>

#include "common/config/config.h"
#include "common/events/event_store.h"
#include "common/events/events.h"
#include "common/ledger/ledger.h"
#include "common/pg/listener.h"
#include "common/text/email_address.h"
#include "services/notification/config.h"
#include "services/notification/deliveries/delivery_worker.h"
#include "services/notification/directory/identity_directory.h"
#include "services/notification/inbox/inbox_service.h"
#include "services/notification/messages/message_service.h"
#include "services/notification/migrations.h"
#include "services/notification/provisioning/provisioner_service.h"
#include "services/notification/senders/sender_service.h"
#include "services/notification/templates/template_service.h"

namespace sockel::notification {
namespace {

class Notification final : public rpc::ServiceInstance {
 public:
  Notification(rpc::ServiceContext& context, const Config& config,
               std::shared_ptr<grpc::Channel> identity)
      : listener_(context.listener()),
        directory_(std::move(identity), context.clock()),
        metrics_(context.metrics()),
        worker_(
            {context.database(), directory_, context.clock(), metrics_},
            [smtp = config.smtp] { return std::make_unique<SmtpRelay>(smtp); }, config.worker),
        templates_(context.database(), context.page_tokens()),
        senders_(context.database(), context.page_tokens()),
        messages_(context.database(), context.page_tokens(),
                  {config.fallback_sender, [this] { worker_.Wake(); }}),
        inboxes_(context.database(), context.page_tokens()),
        provisioning_(context.database()),
        template_door_(context.dispatcher(), templates_),
        sender_door_(context.dispatcher(), senders_),
        message_door_(context.dispatcher(), messages_),
        inbox_door_(context.dispatcher(), inboxes_),
        provisioner_door_(context.dispatcher(), provisioning_) {}

  std::vector<grpc::Service*> services() override {
    return {&template_door_, &sender_door_, &message_door_, &inbox_door_, &provisioner_door_};
  }

  // Messages accepted by another replica wake this one's worker too: their
  // events are announced to all processes. A NOTIFY of our own would only make
  // SendMessage slower.
  void Start() override {
    worker_.Start();
    accepted_elsewhere_ =
        listener_.Subscribe(events::kChannel, [this](std::string_view) { worker_.Wake(); });
  }
  void Drain() override { worker_.Drain(); }
  void Stop() override {
    accepted_elsewhere_.Cancel();
    worker_.Stop();
  }

 private:
  pg::Listener& listener_;
  IdentityDirectory directory_;
  DeliveryMetrics metrics_;
  DeliveryWorker worker_;
  Templates templates_;
  Senders senders_;
  Messages messages_;
  Inboxes inboxes_;
  Provisioning provisioning_;
  TemplateDoor template_door_;
  SenderDoor sender_door_;
  MessageDoor message_door_;
  InboxDoor inbox_door_;
  ProvisionerDoor provisioner_door_;
  pg::Listener::Subscription accepted_elsewhere_;
};

absl::StatusOr<std::unique_ptr<rpc::ServiceInstance>> Create(rpc::ServiceContext& context) {
  const Config config = ReadConfig(context.config().Section("notification"));
  const std::string& fallback = config.fallback_sender.address;
  if (!fallback.empty() && !text::IsEmailAddress(fallback)) {
    return absl::InvalidArgumentError("notification.fallback_sender.address is no e-mail address");
  }
  const auto* users = identity::v1::User::descriptor()->file()->FindServiceByName("UserService");
  auto identity = context.Connect("identity", {users});
  if (!identity.ok()) return identity.status();
  return std::make_unique<Notification>(context, config, *std::move(identity));
}

}  // namespace

std::vector<pg::Migration> Migrations() {
  std::vector<pg::Migration> all = pg::CommonMigrations();
  for (const auto& part : {ledger::Migrations(), events::Migrations(), OwnMigrations()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

rpc::ServiceSpec Spec() {
  rpc::ServiceSpec spec;
  spec.name = "notification";
  spec.migrations = Migrations();
  spec.create = Create;
  return spec;
}

}  // namespace sockel::notification
