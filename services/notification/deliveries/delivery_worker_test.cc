#include "services/notification/deliveries/delivery_worker.h"

#include <gmock/gmock.h>

#include "absl/synchronization/mutex.h"
#include "services/notification/testing/fixture.h"

namespace sockel::notification {
namespace {

// Counts how often lanes look for work.
class LookCounter final : public pg::Observer {
 public:
  void OnTransaction(std::string_view name, absl::Duration, const absl::Status&) override {
    absl::MutexLock lock(&mutex_);
    if (name == "deliveries.claim") ++looks_;
  }
  // Blocks until there were so many, at most 20 s.
  bool WaitFor(int looks) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return looks_ >= looks; };
    return mutex_.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(20));
  }

 private:
  absl::Mutex mutex_;
  int looks_ ABSL_GUARDED_BY(mutex_) = 0;
};

class DeliveryWorkerTest : public testing::NotificationFixture {
 protected:
  DeliveryWorkerTest() { AddSender("smi"); }

  WorkerOptions Options(absl::Duration poll) {
    WorkerOptions options;
    options.lanes = 2;
    options.poll = poll;
    return options;
  }

  RelayFactory Relays() {
    return [this] { return std::make_unique<testing::FakeRelay>(post_); };
  }

  const DeliveryLane::Parts parts_{db_, directory_, clock_, delivery_metrics_};
};

TEST_F(DeliveryWorkerTest, DeliversWhenWoken) {
  DeliveryWorker worker(parts_, Relays(), Options(absl::Hours(1)));
  worker.Start();
  Messages messages(db_, tokens_, {.wake_workers = [&] { worker.Wake(); }});
  ASSERT_TRUE(messages.Send(In("smi"), Request({"a@example.org", "b@example.org"})).ok());
  EXPECT_TRUE(post_.WaitFor(2));
}

TEST_F(DeliveryWorkerTest, LooksByItselfNowAndThen) {
  DeliveryWorker worker(parts_, Relays(), Options(absl::Milliseconds(10)));
  worker.Start();
  Send(Request({"a@example.org"}));
  EXPECT_TRUE(post_.WaitFor(1));
}

TEST_F(DeliveryWorkerTest, ManyIdleLanesLookAsOftenAsOne) {
  LookCounter counter;
  pg::Pool pool({.conninfo = database_.conninfo(), .observer = &counter});
  pg::Database db(pool, clock_);
  WorkerOptions options = Options(absl::Milliseconds(500));
  options.lanes = 20;
  DeliveryWorker worker({db, directory_, clock_, delivery_metrics_}, Relays(), options);
  worker.Start();
  // All have looked once. Did each wait for its turn of all, ten seconds would
  // pass before the next one looks.
  ASSERT_TRUE(counter.WaitFor(options.lanes));
  const absl::Time begin = absl::Now();
  ASSERT_TRUE(counter.WaitFor(options.lanes + 3));
  EXPECT_LT(absl::Now() - begin, absl::Seconds(6));
}

TEST_F(DeliveryWorkerTest, StopsAtOnceWithNothingToDo) {
  DeliveryWorker worker(parts_, Relays(), Options(absl::Hours(1)));
  worker.Start();
  worker.Stop();
  Send(Request({"a@example.org"}));
  EXPECT_TRUE(post_.mails().empty());
}

}  // namespace
}  // namespace sockel::notification
