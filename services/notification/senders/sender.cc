#include "services/notification/senders/sender.h"

#include "common/clock/timestamp.h"
#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ledger/ledger.h"
#include "common/paging/page.h"
#include "common/text/email_address.h"
#include "services/notification/mail/address.h"
#include "services/notification/names.h"
#include "services/notification/senders/sender_store.h"

namespace sockel::notification {
namespace {

using sender_store::StoredSender;

v1::Sender ToProtoSender(const std::string& tenant, const StoredSender& stored) {
  v1::Sender sender;
  sender.set_name(SenderName(tenant, stored.sender_id));
  sender.set_email_address(stored.email_address);
  sender.set_display_name(stored.display_name);
  sender.set_reply_to_address(stored.reply_to_address);
  *sender.mutable_create_time() = ToTimestamp(stored.create_time);
  return sender;
}

}  // namespace

absl::Status CheckSender(const v1::Sender& sender, const std::string& field) {
  if (!text::IsEmailAddress(sender.email_address())) {
    return error::InvalidField(field + ".email_address", "must be an e-mail address in ASCII");
  }
  if (!sender.reply_to_address().empty() && !text::IsEmailAddress(sender.reply_to_address())) {
    return error::InvalidField(field + ".reply_to_address", "must be an e-mail address in ASCII");
  }
  if (!IsOneLine(sender.display_name())) {
    return error::InvalidField(field + ".display_name",
                               "must be one line without control characters");
  }
  return absl::OkStatus();
}

bool InsertSender(pg::WriteTransaction& tx, const std::string& sender_id,
                  const v1::Sender& sender) {
  if (!sender_store::Insert(tx, {sender_id, sender.email_address(), sender.display_name(),
                                 sender.reply_to_address(), tx.time()})) {
    return false;
  }
  const std::string name = SenderName(tx.caller().tenant, sender_id);
  ledger::Append(tx, {.resource = name});
  events::Emit(tx, {.type = "notification.sender.created", .resource = name});
  return true;
}

absl::StatusOr<v1::Sender> Senders::Create(const Caller& caller,
                                           const v1::CreateSenderRequest& request) {
  absl::Status status = CheckSender(request.sender(), "sender");
  if (!status.ok()) return status;
  return db_.Write(caller, "senders.create",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Sender> {
                     v1::Sender created = request.sender();
                     created.set_name(SenderName(caller.tenant, request.sender_id()));
                     *created.mutable_create_time() = ToTimestamp(tx.time());
                     if (!InsertSender(tx, request.sender_id(), created))
                       return error::AlreadyExists(created.name());
                     return created;
                   });
}

absl::StatusOr<v1::Sender> Senders::Get(const Caller& caller, const v1::GetSenderRequest& request) {
  return db_.Read(caller, "senders.get", [&](pg::Transaction& tx) -> absl::StatusOr<v1::Sender> {
    const auto stored = sender_store::Find(tx, IdsIn(request.name())[1]);
    if (!stored) return error::NotFound(request.name());
    return ToProtoSender(caller.tenant, *stored);
  });
}

absl::StatusOr<v1::ListSendersResponse> Senders::List(const Caller& caller,
                                                      const v1::ListSendersRequest& request) {
  const auto after = tokens_.Read(caller, request);
  if (!after.ok()) return after.status();
  const int limit = paging::PageSize(request.page_size(), 50, 200);
  return db_.Read(caller, "senders.list",
                  [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListSendersResponse> {
                    v1::ListSendersResponse response;
                    auto& page = *response.mutable_senders();
                    paging::Rows<v1::Sender> found;
                    for (const StoredSender& row : sender_store::List(tx, *after, limit + 1)) {
                      found.rows.push_back(ToProtoSender(caller.tenant, row));
                    }
                    if (paging::Fill(std::move(found), limit, page)) {
                      const std::string last = IdsIn(page.rbegin()->name())[1];
                      response.set_next_page_token(tokens_.Make(caller, request, last));
                    }
                    return response;
                  });
}

}  // namespace sockel::notification
