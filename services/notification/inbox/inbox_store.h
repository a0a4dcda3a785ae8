#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/pg/database.h"
#include "sockel/notification/v1/inbox.pb.h"

// Inbox items in PostgreSQL, in the tenant of the transaction unless said
// otherwise.
namespace sockel::notification::inbox_store {

// Puts messages into inboxes, of all tenants: the n-th of each list belong
// together.
struct NewItems {
  std::vector<std::string> tenants;
  std::vector<std::string> user_ids;
  std::vector<std::string> item_ids;
  std::vector<std::string> message_ids;
};
void InsertAtCommit(pg::WriteTransaction& tx, const NewItems& items);

// With its content.
std::optional<v1::InboxItem> Find(pg::Transaction& tx, const std::string& user_id,
                                  const std::string& item_id);

enum class Filter { kAll, kUnread };
// Newest first, before item `before` (empty: from the newest), at most `limit`,
// without bodies.
std::vector<v1::InboxItem> List(pg::Transaction& tx, const std::string& user_id,
                                const std::string& before, Filter filter, int limit);

// Sets the read time of an unread item. False when it was read before, or is
// not there.
bool MarkRead(pg::WriteTransaction& tx, const std::string& user_id, const std::string& item_id);

}  // namespace sockel::notification::inbox_store
