#include "services/notification/inbox/inbox_store.h"

#include "common/clock/timestamp.h"
#include "common/pg/rows.h"
#include "services/notification/names.h"

namespace sockel::notification::inbox_store {
namespace {

constexpr pg::Query kInsert = {"notification.inbox_items.insert", R"(
  INSERT INTO inbox_items (tenant_id, user_id, item_id, message_id, create_time)
  SELECT n.tenant_id, n.user_id, n.item_id, n.message_id, $5
  FROM unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[])
       AS n (tenant_id, user_id, item_id, message_id)
)"};

constexpr pg::Query kFind = {"notification.inbox_items.find", R"(
  SELECT i.item_id, i.message_id, i.create_time, i.read_time, m.reference, m.priority,
         m.subject, m.text_body, m.html_body
  FROM inbox_items i JOIN messages m ON m.tenant_id = i.tenant_id AND m.message_id = i.message_id
  WHERE i.tenant_id = $1 AND i.user_id = $2 AND i.item_id = $3::uuid
)"};

constexpr pg::Query kList = {"notification.inbox_items.list", R"(
  SELECT i.item_id, i.message_id, i.create_time, i.read_time, m.reference, m.priority,
         m.subject, '' AS text_body, '' AS html_body
  FROM inbox_items i JOIN messages m ON m.tenant_id = i.tenant_id AND m.message_id = i.message_id
  WHERE i.tenant_id = $1 AND i.user_id = $2
    AND i.item_id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
  ORDER BY i.item_id DESC LIMIT $4
)"};

constexpr pg::Query kListUnread = {"notification.inbox_items.list_unread", R"(
  SELECT i.item_id, i.message_id, i.create_time, i.read_time, m.reference, m.priority,
         m.subject, '' AS text_body, '' AS html_body
  FROM inbox_items i JOIN messages m ON m.tenant_id = i.tenant_id AND m.message_id = i.message_id
  WHERE i.tenant_id = $1 AND i.user_id = $2 AND i.read_time IS NULL
    AND i.item_id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
  ORDER BY i.item_id DESC LIMIT $4
)"};

constexpr pg::Query kMarkRead = {"notification.inbox_items.mark_read", R"(
  UPDATE inbox_items SET read_time = $4
  WHERE tenant_id = $1 AND user_id = $2 AND item_id = $3::uuid AND read_time IS NULL
)"};

v1::InboxItem ToItem(const std::string& tenant, const std::string& user_id, const pqxx::row& row) {
  v1::InboxItem item;
  item.set_name(InboxItemName(tenant, user_id, row["item_id"].as<std::string>()));
  item.set_message(MessageName(tenant, row["message_id"].as<std::string>()));
  item.mutable_content()->set_subject(row["subject"].as<std::string>());
  item.mutable_content()->set_text_body(row["text_body"].as<std::string>());
  item.mutable_content()->set_html_body(row["html_body"].as<std::string>());
  item.set_reference(row["reference"].as<std::string>());
  item.set_priority(static_cast<v1::Message::Priority>(row["priority"].as<int>()));
  *item.mutable_create_time() = ToTimestamp(pg::GetTime(row["create_time"]));
  if (const auto read = pg::GetOptional<absl::Time>(row["read_time"])) {
    *item.mutable_read_time() = ToTimestamp(*read);
  }
  return item;
}

}  // namespace

void InsertAtCommit(pg::WriteTransaction& tx, const NewItems& items) {
  tx.ExecAtCommit(kInsert, items.tenants, items.user_ids, items.item_ids, items.message_ids,
                  tx.time());
}

std::optional<v1::InboxItem> Find(pg::Transaction& tx, const std::string& user_id,
                                  const std::string& item_id) {
  const std::string& tenant = tx.caller().tenant;
  const pqxx::result rows = tx.Exec(kFind, tenant, user_id, item_id);
  if (rows.empty()) return std::nullopt;
  return ToItem(tenant, user_id, rows[0]);
}

std::vector<v1::InboxItem> List(pg::Transaction& tx, const std::string& user_id,
                                const std::string& before, Filter filter, int limit) {
  const std::string& tenant = tx.caller().tenant;
  const std::optional<std::string> position =
      before.empty() ? std::nullopt : std::optional<std::string>(before);
  const pg::Query& query = filter == Filter::kUnread ? kListUnread : kList;
  std::vector<v1::InboxItem> found;
  for (const pqxx::row& row : tx.Exec(query, tenant, user_id, position, limit)) {
    found.push_back(ToItem(tenant, user_id, row));
  }
  return found;
}

bool MarkRead(pg::WriteTransaction& tx, const std::string& user_id, const std::string& item_id) {
  return tx.Exec(kMarkRead, tx.caller().tenant, user_id, item_id, tx.time()).affected_rows() == 1;
}

}  // namespace sockel::notification::inbox_store
