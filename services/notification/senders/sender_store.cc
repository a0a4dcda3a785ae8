#include "services/notification/senders/sender_store.h"

#include "common/pg/rows.h"

namespace sockel::notification::sender_store {
namespace {

constexpr pg::Query kInsert = {"notification.senders.insert", R"(
  INSERT INTO senders (tenant_id, sender_id, email_address, display_name, reply_to_address, create_time)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT DO NOTHING
)"};

constexpr pg::Query kFind = {"notification.senders.find", R"(
  SELECT sender_id, email_address, display_name, reply_to_address, create_time
  FROM senders WHERE tenant_id = $1 AND sender_id = $2
)"};

constexpr pg::Query kFindAndLock = {"notification.senders.find_and_lock", R"(
  SELECT sender_id, email_address, display_name, reply_to_address, create_time
  FROM senders WHERE tenant_id = $1 AND sender_id = $2 FOR UPDATE
)"};

constexpr pg::Query kList = {"notification.senders.list", R"(
  SELECT sender_id, email_address, display_name, reply_to_address, create_time
  FROM senders WHERE tenant_id = $1 AND sender_id > $2
  ORDER BY sender_id LIMIT $3
)"};

constexpr pg::Query kDelete = {"notification.senders.delete", R"(
  DELETE FROM senders WHERE tenant_id = $1 AND sender_id = $2
)"};

StoredSender ToSender(const pqxx::row& row) {
  return {row["sender_id"].as<std::string>(), row["email_address"].as<std::string>(),
          row["display_name"].as<std::string>(), row["reply_to_address"].as<std::string>(),
          pg::GetTime(row["create_time"])};
}

}  // namespace

bool Insert(pg::WriteTransaction& tx, const StoredSender& sender) {
  return tx.Exec(kInsert, tx.caller().tenant, sender.sender_id, sender.email_address,
                 sender.display_name, sender.reply_to_address, sender.create_time)
             .affected_rows() == 1;
}

std::optional<StoredSender> Find(pg::Transaction& tx, const std::string& sender_id) {
  const pqxx::result rows = tx.Exec(kFind, tx.caller().tenant, sender_id);
  if (rows.empty()) return std::nullopt;
  return ToSender(rows[0]);
}

std::optional<StoredSender> FindAndLock(pg::WriteTransaction& tx, const std::string& sender_id) {
  const pqxx::result rows = tx.Exec(kFindAndLock, tx.caller().tenant, sender_id);
  if (rows.empty()) return std::nullopt;
  return ToSender(rows[0]);
}

std::vector<StoredSender> List(pg::Transaction& tx, const std::string& after, int limit) {
  std::vector<StoredSender> found;
  for (const pqxx::row& row : tx.Exec(kList, tx.caller().tenant, after, limit)) {
    found.push_back(ToSender(row));
  }
  return found;
}

void Delete(pg::WriteTransaction& tx, const std::string& sender_id) {
  tx.Exec(kDelete, tx.caller().tenant, sender_id);
}

}  // namespace sockel::notification::sender_store
