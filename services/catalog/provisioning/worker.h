#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/clock/clock.h"
#include "common/metrics/metrics.h"
#include "common/pg/database.h"
#include "common/pg/listener.h"
#include "services/catalog/orders/order_store.h"
#include "services/catalog/provisioning/progress.h"
#include "services/catalog/provisioning/provisioners.h"

// Carries approved orders to subscriptions, step by step. Any number of
// replicas may work side by side: an order is leased, and what a worker learned
// is written before it goes on, so that another can take over at any point. Who
// lost the lease meanwhile (a machine that stood still) writes nothing.
namespace sockel::catalog {

struct WorkerOptions {
  // Longer than two calls to a provisioner may take: so many does an action need.
  // After a crash nobody goes on with the order before it is over.
  absl::Duration lease = absl::Seconds(15);
  // How often to look for due orders when nobody calls.
  absl::Duration poll = absl::Seconds(2);
  Limits limits;
  // Orders that are carried at the same time: one service that is slow to answer
  // does not hold up the orders of the others.
  int threads = 4;
};

class ProvisioningWorker {
 public:
  ProvisioningWorker(pg::Database& db, pg::Listener& listener, const Clock& clock,
                     Provisioners& provisioners, metrics::Registry& metrics,
                     WorkerOptions options = {});
  ~ProvisioningWorker();

  void Start();
  // Returns when the steps in hand are written down.
  void Stop();

  // Does the next action of one due order. False when none was due. Public for
  // tests, which need no thread.
  absl::StatusOr<bool> RunOnce();

 private:
  void Loop();
  // Returns when there may be work, or it is time to stop. `wakes`: how many
  // had been counted when the caller last looked.
  void WaitForWork(std::int64_t wakes);
  void Wake();
  absl::Status RunStep(Work& work, const Action& action);
  absl::Status RefuseStep(Work& work, Step& step);
  Outcome Call(const Work& work, const Action& action);
  Outcome ProvisionOrQuery(const Caller& caller, const Work& work, const Action& action);
  Outcome Activate(const Caller& caller, const Work& work);
  // Holds the order for another lease, or without one gives it up. False when
  // it is no longer ours.
  absl::StatusOr<bool> Save(Work& work, absl::Time next_attempt,
                            std::optional<absl::Duration> lease);
  absl::Status Finish(const Work& work, Action::Kind kind);
  void CountEnd(Action::Kind kind, const std::vector<Step>& steps);

  pg::Database& db_;
  pg::Listener& listener_;
  pg::Listener::Subscription subscription_;
  const Clock& clock_;
  Provisioners& provisioners_;
  const WorkerOptions options_;
  OrderStore store_;
  metrics::Counter& completed_;
  metrics::Counter& failed_;
  metrics::Counter& orphaned_;

  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::int64_t wakes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::thread> threads_;
};

}  // namespace sockel::catalog
