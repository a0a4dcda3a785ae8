#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock/clock.h"
#include "common/pg/database.h"
#include "services/notification/deliveries/delivery_store.h"

namespace sockel::notification {

// Deliveries that one worker took together.
struct Batch {
  std::vector<delivery_store::Claimed> deliveries;  // in the order to work on them
  std::map<delivery_store::LetterKey, delivery_store::Letter> letters;
};

// What came of one of them.
struct Result {
  const delivery_store::Claimed* delivery = nullptr;
  const delivery_store::Letter* letter = nullptr;
  Verdict verdict;
};

// The work of the delivery workers, with audit entries and events. One per
// worker thread: it remembers whose turn it is.
class DeliveryQueue {
 public:
  DeliveryQueue(pg::Database& db, const Clock& clock) : db_(db), clock_(clock) {}

  // At most `limit` due deliveries, leased for `lease`.
  absl::StatusOr<Batch> Claim(int limit, absl::Duration lease);

  // Writes results down in one transaction: states, transitions, inbox items,
  // and for final states audit entries and events; confidential texts of which
  // nothing is left to send are emptied. Recording the same again changes
  // nothing, whoever has claimed the deliveries since.
  absl::Status Record(const std::vector<Result>& results);

  // The claim ends `lease` from now, if it has not been lost.
  absl::Status Extend(const delivery_store::Claimed& delivery, absl::Duration lease);

  absl::StatusOr<delivery_store::QueueState> Measure();

 private:
  absl::StatusOr<Batch> ClaimFrom(const std::string& after_tenant, int limit, absl::Duration lease);

  pg::Database& db_;
  const Clock& clock_;
  std::string last_tenant_;  // round robin
  std::size_t round_ = 0;
};

}  // namespace sockel::notification
