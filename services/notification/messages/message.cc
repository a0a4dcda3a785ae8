#include "services/notification/messages/message.h"

#include <charconv>
#include <optional>
#include <utility>

#include "common/auth/roles.h"
#include "common/clock/timestamp.h"
#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ids/ids.h"
#include "common/ledger/ledger.h"
#include "common/paging/page.h"
#include "services/notification/messages/message_store.h"
#include "services/notification/messages/send_rules.h"
#include "services/notification/names.h"
#include "services/notification/senders/sender.h"
#include "services/notification/templates/rendering.h"
#include "services/notification/templates/template.h"

namespace sockel::notification {
namespace {

using message_store::NewMessage;
using v1::Message;

constexpr char kSendEmergencies[] = "notification.emergencies.send";
// Answers of more than 4 MiB are refused by gRPC's clients.
constexpr std::size_t kMostPageBytes = 3 * 1024 * 1024;

absl::Status CheckPermission(const Caller& caller, const Message& message) {
  if (message.priority() != Message::EMERGENCY ||
      auth::Allows(caller.roles, kSendEmergencies, caller.home_tenant, caller.tenant)) {
    return absl::OkStatus();
  }
  return error::Make(absl::StatusCode::kPermissionDenied, error::CommonReason::PERMISSION_MISSING,
                     "the priority EMERGENCY needs the permission notification.emergencies.send",
                     {{"permission", kSendEmergencies}});
}

// Fills in what is to be read: the literal content, or the template's.
absl::Status RenderInto(pg::Transaction& tx, const Message& message, NewMessage* out) {
  out->locale = message.locale();
  if (message.has_content()) {
    out->rendered = message.content();
    return absl::OkStatus();
  }
  const auto version = FindTemplateVersion(tx, message.template_version());
  if (!version.ok()) return version.status();
  absl::Status status = CheckParameters(*version, message.parameters(), "message.parameters");
  if (!status.ok()) return status;
  auto rendered = Render(*version, message.parameters(), message.locale());
  if (!rendered.ok()) return rendered.status();
  const std::vector<std::string> ids = IdsIn(version->name());
  out->template_id = ids[1];
  out->template_version = std::stoi(ids[2]);
  out->locale = rendered->locale;
  out->rendered = std::move(rendered->content);
  return absl::OkStatus();
}

// The first answer, which is kept for a retry too: it holds no secrets.
Message Accepted(const Caller& caller, const NewMessage& stored, absl::Time now) {
  const std::string& tenant = caller.tenant;
  Message message;
  message.set_name(MessageName(tenant, stored.message_id));
  if (stored.template_version != 0) {
    message.set_template_version(
        TemplateVersionName(tenant, stored.template_id, stored.template_version));
  }
  message.set_locale(stored.locale);
  if (!stored.confidential) *message.mutable_rendered() = stored.rendered;
  message.set_confidential(stored.confidential);
  message.set_creator(caller.subject);
  for (const Message::Channel channel : stored.plan.channels) message.add_channels(channel);
  message.set_priority(stored.plan.priority);
  message.set_sender(SenderName(tenant, stored.plan.sender_id));
  message.set_reference(stored.reference);
  if (stored.plan.not_before) {
    *message.mutable_not_before_time() = ToTimestamp(*stored.plan.not_before);
  }
  *message.mutable_expire_time() = ToTimestamp(stored.plan.expire);
  *message.mutable_create_time() = ToTimestamp(now);
  v1::DeliveryCount* count = message.add_delivery_counts();
  count->set_state(v1::Delivery::PENDING);
  count->set_count(static_cast<int>(stored.delivery_ids.size()));
  return message;
}

void Record(pg::WriteTransaction& tx, const Message& message, std::size_t deliveries) {
  std::map<std::string, std::string> details = {{"deliveries", std::to_string(deliveries)}};
  if (message.has_template_version()) details["template_version"] = message.template_version();
  ledger::Append(tx, {.resource = message.name(), .details = details});
  details["reference"] = message.reference();
  events::Emit(tx, {.type = "notification.message.accepted",
                    .resource = message.name(),
                    .attributes = std::move(details)});
}

// The id in a message's name; nothing when no message could have it.
absl::StatusOr<std::string> MessageId(const std::string& name) {
  std::string id = IdsIn(name)[1];
  if (!ids::IsUuid(id)) return error::NotFound(name);
  return id;
}

// Whoever else may list deliveries learns how they stand. Addresses are for the
// one who gave them, and the relay's words repeat them.
void HideAddresses(v1::Delivery* delivery) {
  if (delivery->recipient().has_email_address()) delivery->clear_recipient();
  for (v1::DeliveryTransition& transition : *delivery->mutable_transitions()) {
    transition.clear_detail();
  }
}

}  // namespace

absl::StatusOr<Message> Messages::Send(const Caller& caller,
                                       const v1::SendMessageRequest& request) {
  absl::Status status = CheckPermission(caller, request.message());
  if (!status.ok()) return status;
  return db_.Write(caller, "messages.send",
                   [&](pg::WriteTransaction& tx) { return SendIn(tx, request.message()); });
}

absl::StatusOr<Message> Messages::SendIn(pg::WriteTransaction& tx, const Message& message) {
  const std::string& tenant = tx.caller().tenant;
  auto plan = PlanMessage(message, tenant, tx.time());
  if (!plan.ok()) return plan.status();
  NewMessage stored;
  stored.message_id = ids::NewUuidV7(tx.time());
  stored.plan = *std::move(plan);
  stored.reference = message.reference();
  stored.confidential = message.confidential();
  for (std::size_t i = 0; i < stored.plan.deliveries.size(); ++i) {
    stored.delivery_ids.push_back(ids::NewUuidV7(tx.time()));
  }
  if (stored.plan.sender_id == kDefaultSender) {
    stored.fallback_address = options_.fallback_sender.address;
    stored.fallback_name = options_.fallback_sender.display_name;
  }
  absl::Status status = RenderInto(tx, message, &stored);
  if (!status.ok()) return status;
  if (!message_store::Insert(tx, stored)) {
    if (!message.sender().empty()) return error::NotFound(message.sender());
    return error::FailedPrecondition(
        "SENDER_MISSING", "name a sender, or create the tenant's sender `default` first");
  }
  Message accepted = Accepted(tx.caller(), stored, tx.time());
  Record(tx, accepted, stored.delivery_ids.size());
  if (!stored.plan.not_before || *stored.plan.not_before <= tx.time()) {
    tx.AfterCommit(options_.wake_workers);
  }
  return accepted;
}

absl::StatusOr<Message> Messages::Get(const Caller& caller, const v1::GetMessageRequest& request) {
  const auto id = MessageId(request.name());
  if (!id.ok()) return id.status();
  return db_.Read(caller, "messages.get", [&](pg::Transaction& tx) -> absl::StatusOr<Message> {
    auto message = message_store::Find(tx, *id);
    if (!message) return error::NotFound(request.name());
    if (message->confidential() || message->creator() != caller.subject) {
      message->clear_rendered();
    }
    for (v1::DeliveryCount& count : message_store::CountDeliveries(tx, *id)) {
      *message->add_delivery_counts() = std::move(count);
    }
    return *std::move(message);
  });
}

absl::StatusOr<v1::ListMessagesResponse> Messages::List(const Caller& caller,
                                                        const v1::ListMessagesRequest& request) {
  const auto before = tokens_.Read(caller, request);
  if (!before.ok()) return before.status();
  const int limit = paging::PageSize(request.page_size());
  return db_.Read(caller, "messages.list",
                  [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListMessagesResponse> {
                    v1::ListMessagesResponse response;
                    auto& page = *response.mutable_messages();
                    paging::Rows<Message> found{
                        message_store::List(tx, *before, request.reference(), limit + 1)};
                    if (paging::Fill(std::move(found), limit, page)) {
                      const std::string last = IdsIn(page.rbegin()->name())[1];
                      response.set_next_page_token(tokens_.Make(caller, request, last));
                    }
                    return response;
                  });
}

absl::StatusOr<v1::ListDeliveriesResponse> Messages::ListDeliveries(
    const Caller& caller, const v1::ListDeliveriesRequest& request) {
  const auto id = MessageId(request.parent());
  if (!id.ok()) return id.status();
  const auto position = tokens_.Read(caller, request);
  if (!position.ok()) return position.status();
  int after = 0;
  std::from_chars(position->data(), position->data() + position->size(), after);
  const int limit = paging::PageSize(request.page_size());
  return db_.Read(
      caller, "messages.list_deliveries",
      [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListDeliveriesResponse> {
        const auto origin = message_store::FindOrigin(tx, *id);
        if (!origin) return error::NotFound(request.parent());
        v1::ListDeliveriesResponse response;
        std::size_t bytes = 0;
        int last = 0;
        for (auto& row : message_store::ListDeliveries(tx, *id, after, limit + 1)) {
          if (response.deliveries_size() == limit || bytes > kMostPageBytes) {
            response.set_next_page_token(tokens_.Make(caller, request, std::to_string(last)));
            break;
          }
          if (row.delivery.channel() == Message::EMAIL) {
            row.delivery.set_message_id(MailMessageId(row.delivery_id, origin->from_address));
          }
          if (origin->creator != caller.subject) HideAddresses(&row.delivery);
          bytes += row.delivery.ByteSizeLong();
          *response.add_deliveries() = std::move(row.delivery);
          last = row.ordinal;
        }
        return response;
      });
}

}  // namespace sockel::notification
