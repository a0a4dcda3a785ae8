#include "services/notification/deliveries/delivery_worker.h"

#include <gmock/gmock.h>

#include "services/notification/testing/fixture.h"

namespace sockel::notification {
namespace {

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

TEST_F(DeliveryWorkerTest, StopsAtOnceWithNothingToDo) {
  DeliveryWorker worker(parts_, Relays(), Options(absl::Hours(1)));
  worker.Start();
  worker.Stop();
  Send(Request({"a@example.org"}));
  EXPECT_TRUE(post_.mails().empty());
}

}  // namespace
}  // namespace sockel::notification
