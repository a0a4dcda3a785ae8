#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/pg/database.h"
#include "services/notification/messages/send_rules.h"
#include "sockel/notification/v1/message.pb.h"

// Messages in PostgreSQL, in the tenant of the transaction.
namespace sockel::notification::message_store {

struct NewMessage {
  std::string message_id;
  std::string template_id;  // empty: literal content
  int template_version = 0;
  std::string locale;
  v1::Content rendered;
  SendPlan plan;
  std::string reference;
  bool confidential = false;
  std::vector<std::string> delivery_ids;  // one for each of plan.deliveries
  // Used when the tenant has no sender plan.sender_id; empty address = none.
  std::string fallback_address;
  std::string fallback_name;
};

// The message, created by the caller, and its deliveries in one statement. False
// when there is no sender: then nothing is stored.
bool Insert(pg::WriteTransaction& tx, const NewMessage& message);

// With the rendered content, whoever asks; without counts.
std::optional<v1::Message> Find(pg::Transaction& tx, const std::string& message_id);

// What is to be known of a message to show its deliveries.
struct Origin {
  std::string creator;
  std::string from_address;
};
std::optional<Origin> FindOrigin(pg::Transaction& tx, const std::string& message_id);
std::vector<v1::DeliveryCount> CountDeliveries(pg::Transaction& tx, const std::string& message_id);

// Newest first, before `before` (empty: from the newest), with this reference
// (empty: any), at most `limit`, without content and counts.
std::vector<v1::Message> List(pg::Transaction& tx, const std::string& before,
                              const std::string& reference, int limit);

struct StoredDelivery {
  int ordinal = 0;
  v1::Delivery delivery;  // without message_id (the mail's)
  std::string delivery_id;
};

// In the order of the recipients, after ordinal `after`, at most `limit`.
std::vector<StoredDelivery> ListDeliveries(pg::Transaction& tx, const std::string& message_id,
                                           int after, int limit);

}  // namespace sockel::notification::message_store
