#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/statusor.h"
#include "common/clock/clock.h"
#include "services/notification/deliveries/delivery_metrics.h"
#include "services/notification/deliveries/delivery_queue.h"
#include "services/notification/deliveries/delivery_rules.h"
#include "services/notification/deliveries/user_directory.h"
#include "services/notification/mail/relay.h"

namespace sockel::notification {

struct DeliveryOptions {
  RetryPolicy retry;
  // Most deliveries a lane takes at once.
  int batch = 100;
  // A lane stops working on its batch after this time and hands back the rest,
  // so that an emergency never waits behind a slow relay's batch.
  absl::Duration time_box = absl::Seconds(2);
  // How long a lane may keep what it took. Longer than the time box and one
  // send with its timeouts, recording included.
  absl::Duration lease = absl::Seconds(90);
};

// Points between which a worker can die; for tests.
enum class Step {
  kClaimed,   // leased, nothing done
  kSending,   // about to hand a delivery over
  kSent,      // handed over, not written down
  kRecorded,  // written down
};
// False: the worker dies here.
using FaultHook = std::function<bool(Step)>;

// One worker: takes deliveries, hands them over, writes down what came of it.
// Not thread-safe; each thread has its own.
class DeliveryLane {
 public:
  struct Parts {
    pg::Database& db;
    UserDirectory& users;
    const Clock& clock;
    DeliveryMetrics& metrics;
  };

  DeliveryLane(
      const Parts& parts, std::unique_ptr<Relay> relay, const DeliveryOptions& options,
      FaultHook survives = [](Step) { return true; });

  // One batch. Returns how many deliveries were taken, 0 when draining; ABORTED
  // when the fault hook ended it; else the database's error.
  absl::StatusOr<int> RunOnce();

  // Hand back what is not begun, take nothing more. From any thread.
  void Drain() { draining_.store(true); }

 private:
  // Nothing when the fault hook ended it.
  std::optional<Verdict> Attempt(const delivery_store::Claimed& delivery,
                                 const delivery_store::Letter& letter);
  Verdict ToInbox(const delivery_store::Claimed& delivery);
  std::optional<Verdict> ByMail(const delivery_store::Claimed& delivery,
                                const delivery_store::Letter& letter);
  std::optional<Verdict> CannotTry(const delivery_store::Claimed& delivery) const;
  Verdict WithoutUser(const delivery_store::Claimed& delivery, const absl::Status& status);
  absl::Status RecordPatiently(const std::vector<Result>& results, absl::Time until);

  const Parts parts_;
  DeliveryQueue queue_;
  std::unique_ptr<Relay> relay_;
  const DeliveryOptions options_;
  const FaultHook survives_;
  absl::BitGen random_;
  std::atomic<bool> draining_{false};
};

}  // namespace sockel::notification
