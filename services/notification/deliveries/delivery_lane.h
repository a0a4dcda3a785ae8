#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/statusor.h"
#include "common/clock/clock.h"
#include "services/notification/deliveries/delivery_metrics.h"
#include "services/notification/deliveries/delivery_queue.h"
#include "services/notification/deliveries/delivery_rules.h"
#include "services/notification/deliveries/long_waits.h"
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
  // How long a lane may keep what it took. Longer than the time box and sending
  // one mail with its timeouts, recording included. A lane that waits for the
  // answer to a mail extends it.
  absl::Duration lease = absl::Seconds(90);
  // A mail whose answer takes longer than this takes long: only some of the
  // lanes may go on waiting then (LongWaits).
  absl::Duration usual_wait = absl::Seconds(30);
  // How long a draining lane still waits for the mail that is under way.
  absl::Duration last_wait = absl::Seconds(10);
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
    // Shared by the lanes of a worker; null: each may wait as long as it takes.
    LongWaits* long_waits = nullptr;
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
  // What was taken together.
  struct Round {
    Batch batch;
    absl::Time end;  // nothing is begun after it
    absl::Time lease_end;
    std::size_t next = 0;         // the first that is not begun
    std::vector<Result> results;  // that are not written down
  };
  // The one of them that is under way.
  struct UnderWay {
    const delivery_store::Claimed& delivery;
    absl::Time begin;
    absl::Time give_up = absl::InfiniteFuture();
    bool waits_long = false;
  };

  // False when the fault hook ended it.
  bool Work(Round& round);
  // Called while a relay is waited for; whether to go on.
  bool GoOnWaiting(Round& round, UnderWay& mail);
  bool MayWaitLong(UnderWay& mail);
  void HandBackRest(Round& round) const;

  // Nothing when the fault hook ended it.
  std::optional<Verdict> Attempt(const delivery_store::Claimed& delivery,
                                 const delivery_store::Letter& letter, const Patience& patience);
  Verdict ToInbox(const delivery_store::Claimed& delivery, const delivery_store::Letter& letter);
  std::optional<Verdict> ByMail(const delivery_store::Claimed& delivery,
                                const delivery_store::Letter& letter, const Patience& patience);
  std::optional<Verdict> CannotTry(const delivery_store::Claimed& delivery) const;
  Verdict WithoutUser(const delivery_store::Claimed& delivery, const absl::Status& status);
  Try TryOf(const delivery_store::Claimed& delivery);

  absl::Status Record(const Round& round);
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
