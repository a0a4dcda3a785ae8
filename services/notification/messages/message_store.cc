#include "services/notification/messages/message_store.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/clock/timestamp.h"
#include "common/pg/rows.h"
#include "common/trace/traceparent.h"
#include "services/notification/deliveries/delivery_rules.h"
#include "services/notification/names.h"

namespace sockel::notification::message_store {
namespace {

constexpr pg::Query kInsert = {"notification.messages.insert", R"(
  WITH sender AS (
    SELECT * FROM (
      SELECT 1 AS rank, email_address, display_name, reply_to_address
      FROM senders WHERE tenant_id = $1 AND sender_id = $2
      UNION ALL
      SELECT 2, $3::text, $4::text, '' WHERE $3::text <> ''
    ) s ORDER BY rank LIMIT 1
  ), message AS (
    INSERT INTO messages (
      tenant_id, message_id, template_id, template_version, locale, subject, text_body, html_body,
      channels, priority, sender_id, from_address, from_name, reply_to_address, reference,
      not_before_time, expire_time, create_time, creator, confidential, traceparent)
    SELECT $1, $5::uuid, $6, $7::integer, $8, $9, $10, $11,
           $12::smallint[], $13::smallint, $2, s.email_address, s.display_name, s.reply_to_address,
           $14, $15::timestamptz, $16::timestamptz, $17::timestamptz, $23, $24::boolean,
           $25
    FROM sender s
    RETURNING tenant_id, message_id, priority, not_before_time, expire_time, create_time
  )
  INSERT INTO deliveries (
    tenant_id, delivery_id, message_id, ordinal, channel, user_id, email_address, priority, state,
    due_time, expire_time, create_time, transitions)
  SELECT m.tenant_id, n.delivery_id, m.message_id, n.ordinal, n.channel, nullif(n.user_id, ''),
         nullif(n.email_address, ''), m.priority, 1,
         greatest(m.not_before_time, m.create_time), m.expire_time, m.create_time, $22::jsonb
  FROM message m, unnest($18::uuid[], $19::smallint[], $20::text[], $21::text[])
       WITH ORDINALITY AS n (delivery_id, channel, user_id, email_address, ordinal)
)"};

constexpr pg::Query kFind = {"notification.messages.find", R"(
  SELECT message_id, template_id, template_version, locale, subject, text_body, html_body,
         array_to_string(channels, ',') AS channels, priority, sender_id, reference,
         not_before_time, expire_time, create_time, creator, confidential
  FROM messages WHERE tenant_id = $1 AND message_id = $2::uuid
)"};

constexpr pg::Query kFindOrigin = {"notification.messages.find_origin", R"(
  SELECT creator, from_address FROM messages WHERE tenant_id = $1 AND message_id = $2::uuid
)"};

constexpr pg::Query kList = {"notification.messages.list", R"(
  SELECT message_id, template_id, template_version, locale,
         array_to_string(channels, ',') AS channels, priority, sender_id, reference,
         not_before_time, expire_time, create_time, creator, confidential
  FROM messages
  WHERE tenant_id = $1 AND message_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
  ORDER BY message_id DESC LIMIT $3
)"};

constexpr pg::Query kListByReference = {"notification.messages.list_by_reference", R"(
  SELECT message_id, template_id, template_version, locale,
         array_to_string(channels, ',') AS channels, priority, sender_id, reference,
         not_before_time, expire_time, create_time, creator, confidential
  FROM messages
  WHERE tenant_id = $1 AND message_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    AND reference = $4 AND reference <> ''
  ORDER BY message_id DESC LIMIT $3
)"};

constexpr pg::Query kCount = {"notification.deliveries.count", R"(
  SELECT state, count(*) AS count FROM deliveries
  WHERE tenant_id = $1 AND message_id = $2::uuid GROUP BY state ORDER BY state
)"};

constexpr pg::Query kListDeliveries = {"notification.deliveries.list", R"(
  SELECT delivery_id, message_id, ordinal, channel, user_id, email_address, state, attempts,
         due_time, create_time, transitions
  FROM deliveries WHERE tenant_id = $1 AND message_id = $2::uuid AND ordinal > $3
  ORDER BY ordinal LIMIT $4
)"};

std::optional<std::string> NullIfEmpty(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

std::string AcceptedTransition(absl::Time now) {
  return nlohmann::json::array({{{"t", absl::ToUnixMicros(now)},
                                 {"s", static_cast<int>(v1::Delivery::PENDING)},
                                 {"r", reason::kAccepted},
                                 {"d", ""},
                                 {"a", 0}}})
      .dump();
}

v1::Message ToMessage(const std::string& tenant, const pqxx::row& row) {
  v1::Message message;
  message.set_name(MessageName(tenant, row["message_id"].as<std::string>()));
  if (!row["template_id"].is_null()) {
    message.set_template_version(TemplateVersionName(tenant, row["template_id"].as<std::string>(),
                                                     row["template_version"].as<int>()));
  }
  message.set_locale(row["locale"].as<std::string>());
  const std::string channels = row["channels"].as<std::string>();
  for (const auto& channel : absl::StrSplit(channels, ',')) {
    message.add_channels(static_cast<v1::Message::Channel>(std::stoi(std::string(channel))));
  }
  message.set_priority(static_cast<v1::Message::Priority>(row["priority"].as<int>()));
  message.set_sender(SenderName(tenant, row["sender_id"].as<std::string>()));
  message.set_reference(row["reference"].as<std::string>());
  if (const auto time = pg::GetOptional<absl::Time>(row["not_before_time"])) {
    *message.mutable_not_before_time() = ToTimestamp(*time);
  }
  *message.mutable_expire_time() = ToTimestamp(pg::GetTime(row["expire_time"]));
  *message.mutable_create_time() = ToTimestamp(pg::GetTime(row["create_time"]));
  message.set_creator(row["creator"].as<std::string>());
  message.set_confidential(row["confidential"].as<bool>());
  return message;
}

void AddTransitions(const std::string& json, v1::Delivery* delivery) {
  constexpr std::size_t kMost = 100;
  const nlohmann::json all = nlohmann::json::parse(json);
  for (std::size_t i = all.size() > kMost ? all.size() - kMost : 0; i < all.size(); ++i) {
    v1::DeliveryTransition* transition = delivery->add_transitions();
    *transition->mutable_time() = ToTimestamp(absl::FromUnixMicros(all[i].at("t").get<int64_t>()));
    transition->set_state(static_cast<v1::Delivery::State>(all[i].at("s").get<int>()));
    transition->set_reason(all[i].at("r").get<std::string>());
    transition->set_detail(all[i].at("d").get<std::string>());
    transition->set_attempt(all[i].at("a").get<int>());
  }
}

StoredDelivery ToDelivery(const std::string& tenant, const pqxx::row& row) {
  StoredDelivery stored;
  stored.ordinal = row["ordinal"].as<int>();
  stored.delivery_id = row["delivery_id"].as<std::string>();
  v1::Delivery& delivery = stored.delivery;
  delivery.set_name(DeliveryName(tenant, row["message_id"].as<std::string>(), stored.delivery_id));
  if (row["user_id"].is_null()) {
    delivery.mutable_recipient()->set_email_address(row["email_address"].as<std::string>());
  } else {
    delivery.mutable_recipient()->set_user(UserName(tenant, row["user_id"].as<std::string>()));
  }
  delivery.set_channel(static_cast<v1::Message::Channel>(row["channel"].as<int>()));
  delivery.set_state(static_cast<v1::Delivery::State>(row["state"].as<int>()));
  delivery.set_attempts(row["attempts"].as<int>());
  if (const auto due = pg::GetOptional<absl::Time>(row["due_time"])) {
    *delivery.mutable_next_attempt_time() = ToTimestamp(*due);
  }
  *delivery.mutable_create_time() = ToTimestamp(pg::GetTime(row["create_time"]));
  AddTransitions(row["transitions"].as<std::string>(), &delivery);
  return stored;
}

}  // namespace

bool Insert(pg::WriteTransaction& tx, const NewMessage& message) {
  const SendPlan& plan = message.plan;
  std::vector<std::string> users;
  std::vector<std::string> addresses;
  std::vector<std::int64_t> delivery_channels;
  for (const NewDelivery& delivery : plan.deliveries) {
    users.push_back(delivery.user_id);
    addresses.push_back(delivery.email_address);
    delivery_channels.push_back(delivery.channel);
  }
  const std::vector<std::int64_t> channels(plan.channels.begin(), plan.channels.end());
  const std::optional<int> version =
      message.template_version == 0 ? std::nullopt : std::optional<int>(message.template_version);
  return tx.Exec(kInsert, tx.caller().tenant, plan.sender_id, message.fallback_address,
                 message.fallback_name, message.message_id, NullIfEmpty(message.template_id),
                 version, message.locale, message.rendered.subject(), message.rendered.text_body(),
                 message.rendered.html_body(), channels, static_cast<int>(plan.priority),
                 message.reference, plan.not_before, plan.expire, tx.time(), message.delivery_ids,
                 delivery_channels, users, addresses, AcceptedTransition(tx.time()),
                 tx.caller().subject, message.confidential,
                 trace::Format({tx.caller().trace_id, tx.caller().span_id}))
             .affected_rows() > 0;
}

std::optional<v1::Message> Find(pg::Transaction& tx, const std::string& message_id) {
  const pqxx::result rows = tx.Exec(kFind, tx.caller().tenant, message_id);
  if (rows.empty()) return std::nullopt;
  v1::Message message = ToMessage(tx.caller().tenant, rows[0]);
  v1::Content* content = message.mutable_rendered();
  content->set_subject(rows[0]["subject"].as<std::string>());
  content->set_text_body(rows[0]["text_body"].as<std::string>());
  content->set_html_body(rows[0]["html_body"].as<std::string>());
  return message;
}

std::optional<Origin> FindOrigin(pg::Transaction& tx, const std::string& message_id) {
  const pqxx::result rows = tx.Exec(kFindOrigin, tx.caller().tenant, message_id);
  if (rows.empty()) return std::nullopt;
  return Origin{rows[0]["creator"].as<std::string>(), rows[0]["from_address"].as<std::string>()};
}

std::vector<v1::DeliveryCount> CountDeliveries(pg::Transaction& tx, const std::string& message_id) {
  std::vector<v1::DeliveryCount> counts;
  for (const pqxx::row& row : tx.Exec(kCount, tx.caller().tenant, message_id)) {
    v1::DeliveryCount count;
    count.set_state(static_cast<v1::Delivery::State>(row["state"].as<int>()));
    count.set_count(row["count"].as<int>());
    counts.push_back(count);
  }
  return counts;
}

std::vector<v1::Message> List(pg::Transaction& tx, const std::string& before,
                              const std::string& reference, int limit) {
  const std::string& tenant = tx.caller().tenant;
  const std::optional<std::string> position = NullIfEmpty(before);
  const pqxx::result rows = reference.empty()
                                ? tx.Exec(kList, tenant, position, limit)
                                : tx.Exec(kListByReference, tenant, position, limit, reference);
  std::vector<v1::Message> found;
  for (const pqxx::row& row : rows) found.push_back(ToMessage(tenant, row));
  return found;
}

std::vector<StoredDelivery> ListDeliveries(pg::Transaction& tx, const std::string& message_id,
                                           int after, int limit) {
  std::vector<StoredDelivery> found;
  const std::string& tenant = tx.caller().tenant;
  for (const pqxx::row& row : tx.Exec(kListDeliveries, tenant, message_id, after, limit)) {
    found.push_back(ToDelivery(tenant, row));
  }
  return found;
}

}  // namespace sockel::notification::message_store
