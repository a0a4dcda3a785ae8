#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/pg/database.h"

// Senders in PostgreSQL, in the tenant of the transaction.
namespace sockel::notification::sender_store {

struct StoredSender {
  std::string sender_id;
  std::string email_address;
  std::string display_name;
  std::string reply_to_address;
  absl::Time create_time;
};

// False when the id is taken.
bool Insert(pg::WriteTransaction& tx, const StoredSender& sender);
std::optional<StoredSender> Find(pg::Transaction& tx, const std::string& sender_id);
// The same, and nobody changes or deletes it before the transaction ends.
std::optional<StoredSender> FindAndLock(pg::WriteTransaction& tx, const std::string& sender_id);
// By id, after `after`, at most `limit`.
std::vector<StoredSender> List(pg::Transaction& tx, const std::string& after, int limit);
void Delete(pg::WriteTransaction& tx, const std::string& sender_id);

}  // namespace sockel::notification::sender_store
