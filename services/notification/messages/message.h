#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "common/paging/paging.h"
#include "common/pg/database.h"
#include "services/notification/mail/mime.h"
#include "sockel/notification/v1/message.pb.h"

namespace sockel::notification {

struct MessageOptions {
  // Sends for tenants that have no sender `default`, in the first place the
  // provider's own; empty address = such messages are refused.
  MailAddress fallback_sender;
  // Called after a message was stored that may be sent at once; must not block.
  std::function<void()> wake_workers = [] {};
};

// Use cases of MessageService; the proto says what each does. Thread-safe.
class Messages {
 public:
  Messages(pg::Database& db, const paging::Tokens& tokens, MessageOptions options)
      : db_(db), tokens_(tokens), options_(std::move(options)) {}

  absl::StatusOr<v1::Message> Send(const Caller& caller, const v1::SendMessageRequest& request);
  absl::StatusOr<v1::Message> Get(const Caller& caller, const v1::GetMessageRequest& request);
  absl::StatusOr<v1::ListMessagesResponse> List(const Caller& caller,
                                                const v1::ListMessagesRequest& request);
  absl::StatusOr<v1::ListDeliveriesResponse> ListDeliveries(
      const Caller& caller, const v1::ListDeliveriesRequest& request);

 private:
  absl::StatusOr<v1::Message> SendIn(pg::WriteTransaction& tx, const v1::Message& message);

  pg::Database& db_;
  const paging::Tokens& tokens_;
  const MessageOptions options_;
};

}  // namespace sockel::notification
