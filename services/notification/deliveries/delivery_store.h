#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/pg/database.h"
#include "services/notification/deliveries/delivery_rules.h"
#include "services/notification/mail/mime.h"
#include "sockel/notification/v1/message.pb.h"

// The queue of deliveries in PostgreSQL.
namespace sockel::notification::delivery_store {

// A delivery that this worker has until its lease ends.
struct Claimed {
  std::string tenant;
  std::string delivery_id;
  std::string message_id;
  v1::Message::Channel channel = v1::Message::CHANNEL_UNSPECIFIED;
  v1::Message::Priority priority = v1::Message::PRIORITY_UNSPECIFIED;
  std::string user_id;        // or
  std::string email_address;  // exactly one of the two
  // A UUID made for this claim. It fences: what is recorded with it counts only
  // while nobody else has claimed the delivery since.
  std::string claim;
  // Number of this attempt, from 1. Handing back counts it down again.
  int attempt = 0;
  // Attempts before it that the relay did not answer.
  int unanswered = 0;
  absl::Time expire;
  // A worker had it before and never recorded what came of it.
  bool taken_over = false;
};

struct ClaimRequest {
  std::string claim;  // a new UUID
  absl::Time now;
  absl::Time lease_end;
  int limit = 0;
  // Round robin: tenants after this one come first …
  std::string after_tenant;
  // … and at most so many share the batch.
  int max_tenants = 0;
};

// Takes due deliveries of all tenants (the transaction is bound to `*`):
// emergencies first, in equal parts from the tenants that have some, and what
// is left over of that by due time; the rest in equal parts from the tenants
// whose turn it is, within a tenant by priority and due time. Each is SENDING
// afterwards. What another worker is just taking is passed over. In no order.
std::vector<Claimed> Claim(pg::WriteTransaction& tx, const ClaimRequest& request);

// What several deliveries have in common.
struct Letter {
  MailAddress from;
  std::string reply_to;
  v1::Content content;
  std::string reference;
  bool confidential = false;
  std::string traceparent;  // W3C, of the call that sent it; may be empty
};
using LetterKey = std::pair<std::string, std::string>;  // tenant, message id
std::map<LetterKey, Letter> Letters(pg::Transaction& tx, const std::vector<Claimed>& claimed);

struct Outcome {
  std::string tenant;
  std::string delivery_id;
  std::string claim;
  int attempt = 0;
  // PENDING: handed back untouched. The attempt does not count, and its
  // transition is taken back, unless it says that the mail may go out twice.
  Verdict verdict;
};

// Writes down what came of claimed deliveries (the transaction is bound to `*`).
// Returns the ids for which the claim still held; for the others nothing is
// changed.
std::vector<std::string> Record(pg::WriteTransaction& tx, const std::vector<Outcome>& outcomes);

// Moves the end of the lease, while the claim holds (the transaction is bound
// to `*`).
void Extend(pg::WriteTransaction& tx, const Claimed& delivery, absl::Time lease_end);

// Empties the texts of those of the messages that are confidential and have no
// delivery left to make (the transaction is bound to `*`, and has recorded what
// it has to record).
void WipeFinished(pg::WriteTransaction& tx, const std::vector<LetterKey>& messages);

struct QueueState {
  std::int64_t pending = 0;
  std::int64_t sending = 0;
  std::int64_t temporary_failure = 0;
  // Most overdue delivery; zero when none is due.
  absl::Duration lag;
};
// Over all tenants (the transaction is bound to `*`).
QueueState Measure(pg::Transaction& tx, absl::Time now);

}  // namespace sockel::notification::delivery_store
