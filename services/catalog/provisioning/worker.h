#pragma once

#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/clock/clock.h"
#include "common/pg/database.h"
#include "common/pg/listener.h"
#include "services/catalog/orders/order_store.h"
#include "services/catalog/provisioning/progress.h"
#include "services/catalog/provisioning/provisioners.h"

// Carries approved orders to subscriptions, step by step. Any number of
// replicas may work side by side: an order is leased, and what a worker learned
// is written before it goes on, so that another can take over at any point.
namespace sockel::catalog {

struct WorkerOptions {
  // Longer than two calls to a provisioner may take: so many does an action need.
  // After a crash nobody goes on with the order before it is over.
  absl::Duration lease = absl::Seconds(15);
  // How often to look for due orders when nobody calls.
  absl::Duration poll = absl::Seconds(2);
  // Tries of one step before the order fails: with Backoff, about 2 hours.
  int max_attempts = 30;
};

class ProvisioningWorker {
 public:
  ProvisioningWorker(pg::Database& db, pg::Listener& listener, const Clock& clock,
                     Provisioners& provisioners, WorkerOptions options = {});
  ~ProvisioningWorker();

  void Start();
  // Returns when the step in hand is written down.
  void Stop();

  // Does the next action of one due order. False when none was due. Public for
  // tests, which need no thread.
  absl::StatusOr<bool> RunOnce();

 private:
  void Loop();
  void Wake();
  absl::Status RunStep(Work& work, const Action& action);
  Outcome Call(const Work& work, const Action& action);
  Outcome ProvisionOrQuery(const Work& work, const Action& action);
  Outcome Activate(const Work& work);
  absl::Status Save(const Work& work, absl::Time next_attempt, absl::Time lease_until);
  absl::Status Finish(const Work& work, Action::Kind kind);

  pg::Database& db_;
  pg::Listener& listener_;
  pg::Listener::Subscription subscription_;
  const Clock& clock_;
  Provisioners& provisioners_;
  const WorkerOptions options_;
  OrderStore store_;

  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sockel::catalog
