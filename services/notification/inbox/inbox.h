#pragma once

#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "common/paging/paging.h"
#include "common/pg/database.h"
#include "sockel/notification/v1/inbox.pb.h"

namespace sockel::notification {

// Use cases of InboxService. Everybody has only their own inbox: whatever the
// permissions, another's answers NOT_FOUND. Thread-safe.
class Inboxes {
 public:
  Inboxes(pg::Database& db, const paging::Tokens& tokens) : db_(db), tokens_(tokens) {}

  absl::StatusOr<v1::ListInboxItemsResponse> List(const Caller& caller,
                                                  const v1::ListInboxItemsRequest& request);
  absl::StatusOr<v1::InboxItem> Get(const Caller& caller, const v1::GetInboxItemRequest& request);
  absl::StatusOr<v1::InboxItem> MarkRead(const Caller& caller,
                                         const v1::MarkInboxItemReadRequest& request);

 private:
  pg::Database& db_;
  const paging::Tokens& tokens_;
};

}  // namespace sockel::notification
