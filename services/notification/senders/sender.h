#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "common/paging/paging.h"
#include "common/pg/database.h"
#include "sockel/notification/v1/sender.pb.h"

namespace sockel::notification {

// The sender of messages that name none.
inline constexpr char kDefaultSender[] = "default";

// Use cases of SenderService; the proto says what each does. Thread-safe.
class Senders {
 public:
  Senders(pg::Database& db, const paging::Tokens& tokens) : db_(db), tokens_(tokens) {}

  absl::StatusOr<v1::Sender> Create(const Caller& caller, const v1::CreateSenderRequest& request);
  absl::StatusOr<v1::Sender> Get(const Caller& caller, const v1::GetSenderRequest& request);
  absl::StatusOr<v1::ListSendersResponse> List(const Caller& caller,
                                               const v1::ListSendersRequest& request);

 private:
  pg::Database& db_;
  const paging::Tokens& tokens_;
};

// Whether mail can be sent so. INVALID_ARGUMENT names the field below `field`.
absl::Status CheckSender(const v1::Sender& sender, const std::string& field);

// Creates the sender with audit entry and event; false when the id is taken.
bool InsertSender(pg::WriteTransaction& tx, const std::string& sender_id, const v1::Sender& sender);

}  // namespace sockel::notification
