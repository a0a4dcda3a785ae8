#include "services/notification/deliveries/delivery_queue.h"

#include <algorithm>
#include <set>
#include <unordered_set>
#include <utility>

#include "common/events/events.h"
#include "common/ids/ids.h"
#include "common/ledger/ledger.h"
#include "services/notification/deliveries/turns.h"
#include "services/notification/inbox/inbox_store.h"
#include "services/notification/names.h"

namespace sockel::notification {
namespace {

using delivery_store::Claimed;
using v1::Delivery;

constexpr int kMaxTenantsPerBatch = 32;

const char* WordFor(Delivery::State state) {
  if (state == Delivery::SENT) return "sent";
  return state == Delivery::EXPIRED ? "expired" : "failed";
}

// What a batch leaves behind besides the deliveries' own rows.
struct Traces {
  inbox_store::NewItems items;
  std::vector<ledger::Record> records;
  std::vector<events::NewEvent> events;
  std::vector<delivery_store::LetterKey> confidential;
};

// Returns the name of the new item.
std::string PutIntoInbox(const Claimed& delivery, absl::Time now, inbox_store::NewItems* items) {
  items->tenants.push_back(delivery.tenant);
  items->user_ids.push_back(delivery.user_id);
  items->item_ids.push_back(ids::NewUuidV7(now));
  items->message_ids.push_back(delivery.message_id);
  return InboxItemName(delivery.tenant, delivery.user_id, items->item_ids.back());
}

// Audit entry and event of a delivery that came to its end, and its inbox item.
void Leave(const Result& result, absl::Time now, Traces* traces) {
  const Claimed& delivery = *result.delivery;
  const std::string name = DeliveryName(delivery.tenant, delivery.message_id, delivery.delivery_id);
  const std::string word = WordFor(result.verdict.state);
  const std::string channel = v1::Message::Channel_Name(delivery.channel);
  std::map<std::string, std::string> attributes = {
      {"message", MessageName(delivery.tenant, delivery.message_id)},
      {"channel", channel},
      {"reason", result.verdict.reason},
      {"reference", result.letter->reference}};
  if (delivery.channel == v1::Message::INBOX && result.verdict.state == Delivery::SENT) {
    attributes["inbox_item"] = PutIntoInbox(delivery, now, &traces->items);
  }
  traces->records.push_back({.resource = name,
                             .details = {{"channel", channel},
                                         {"reason", result.verdict.reason},
                                         {"attempt", std::to_string(delivery.attempt)}},
                             .action = "notification.deliveries." + word});
  traces->events.push_back({.type = "notification.delivery." + word,
                            .resource = name,
                            .attributes = std::move(attributes)});
  if (result.letter->confidential) {
    traces->confidential.emplace_back(delivery.tenant, delivery.message_id);
  }
}

}  // namespace

absl::StatusOr<Batch> DeliveryQueue::Claim(int limit, absl::Duration lease) {
  absl::StatusOr<Batch> batch = ClaimFrom(last_tenant_, limit, lease);
  // Nobody waits behind the last one: it is the first one's turn again.
  if (batch.ok() && batch->deliveries.empty() && !last_tenant_.empty()) {
    batch = ClaimFrom("", limit, lease);
  }
  if (!batch.ok()) return batch;
  std::set<std::string> tenants;
  for (const Claimed& delivery : batch->deliveries) {
    if (delivery.priority != v1::Message::EMERGENCY) tenants.insert(delivery.tenant);
  }
  const bool more = static_cast<int>(tenants.size()) >= std::min(limit, kMaxTenantsPerBatch);
  last_tenant_ = more ? *tenants.rbegin() : "";
  TakeTurns(batch->deliveries, round_++);
  return batch;
}

absl::StatusOr<Batch> DeliveryQueue::ClaimFrom(const std::string& after_tenant, int limit,
                                               absl::Duration lease) {
  Batch batch;
  absl::Status status =
      db_.Write(Caller::System("*"), "deliveries.claim", [&](pg::WriteTransaction& tx) {
        const absl::Time now = clock_.Now();
        batch.deliveries =
            delivery_store::Claim(tx, {ids::NewUuidV4(), now, now + lease, limit, after_tenant,
                                       std::min(limit, kMaxTenantsPerBatch)});
        if (!batch.deliveries.empty()) {
          batch.letters = delivery_store::Letters(tx, batch.deliveries);
        }
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  return batch;
}

absl::Status DeliveryQueue::Record(const std::vector<Result>& results) {
  std::vector<delivery_store::Outcome> outcomes;
  for (const Result& result : results) {
    const Claimed& delivery = *result.delivery;
    outcomes.push_back(
        {delivery.tenant, delivery.delivery_id, delivery.claim, delivery.attempt, result.verdict});
  }
  return db_.Write(Caller::System("*"), "deliveries.record", [&](pg::WriteTransaction& tx) {
    const std::vector<std::string> ids = delivery_store::Record(tx, outcomes);
    const std::unordered_set<std::string> recorded(ids.begin(), ids.end());
    Traces traces;
    for (const Result& result : results) {
      if (recorded.count(result.delivery->delivery_id) == 0) continue;
      if (IsFinal(result.verdict.state)) Leave(result, tx.time(), &traces);
    }
    if (!traces.confidential.empty()) delivery_store::WipeFinished(tx, traces.confidential);
    if (!traces.items.item_ids.empty()) inbox_store::InsertAtCommit(tx, traces.items);
    ledger::AppendAll(tx, traces.records);
    events::EmitAll(tx, traces.events);
    return absl::OkStatus();
  });
}

absl::Status DeliveryQueue::Extend(const Claimed& delivery, absl::Duration lease) {
  return db_.Write(Caller::System("*"), "deliveries.extend", [&](pg::WriteTransaction& tx) {
    delivery_store::Extend(tx, delivery, clock_.Now() + lease);
    return absl::OkStatus();
  });
}

absl::StatusOr<delivery_store::QueueState> DeliveryQueue::Measure() {
  return db_.Read(Caller::System("*"), "deliveries.measure",
                  [&](pg::Transaction& tx) -> absl::StatusOr<delivery_store::QueueState> {
                    return delivery_store::Measure(tx, clock_.Now());
                  });
}

}  // namespace sockel::notification
