#include "common/pg/listener.h"

#include "absl/synchronization/notification.h"
#include "common/pg/testing_fixture.h"

namespace sockel::pg {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

// Remembers payloads and waits for them.
class Inbox {
 public:
  Listener::Callback Callback() {
    return [this](std::string_view payload) {
      absl::MutexLock lock(&mutex_);
      payloads_.emplace_back(payload);
    };
  }
  bool WaitFor(std::size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return payloads_.size() >= count;
    };
    return mutex_.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(20));
  }
  std::vector<std::string> payloads() {
    absl::MutexLock lock(&mutex_);
    return payloads_;
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::string> payloads_ ABSL_GUARDED_BY(mutex_);
};

class ListenerTest : public PgTest {
 protected:
  void Notify(const std::string& channel, const std::string& payload) {
    Superuser("SELECT pg_notify('" + channel + "', '" + payload + "')");
  }

  Listener listener_{database_.conninfo()};
  Inbox inbox_;
};

TEST_F(ListenerTest, WelcomesThenDeliversPayloads) {
  const auto subscription = listener_.Subscribe("news", inbox_.Callback());
  ASSERT_TRUE(inbox_.WaitFor(1));
  Notify("news", "one");
  Notify("other", "not mine");
  Notify("news", "two");
  ASSERT_TRUE(inbox_.WaitFor(3));
  EXPECT_THAT(inbox_.payloads(), ElementsAre("", "one", "two"));
}

TEST_F(ListenerTest, ServesSeveralSubscribersOfOneChannel) {
  Inbox second;
  const auto a = listener_.Subscribe("news", inbox_.Callback());
  ASSERT_TRUE(inbox_.WaitFor(1));
  const auto b = listener_.Subscribe("news", second.Callback());
  ASSERT_TRUE(second.WaitFor(1));
  Notify("news", "x");
  EXPECT_TRUE(inbox_.WaitFor(2));
  EXPECT_TRUE(second.WaitFor(2));
}

TEST_F(ListenerTest, SubscribersAreToldAfterAReconnection) {
  const auto subscription = listener_.Subscribe("news", inbox_.Callback());
  ASSERT_TRUE(inbox_.WaitFor(1));
  Superuser("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" +
            std::string(testing::TestDatabase::kRuntimeRole) + "' AND datname = '" +
            database_.name() + "'");
  ASSERT_TRUE(inbox_.WaitFor(2));
  Notify("news", "after");
  ASSERT_TRUE(inbox_.WaitFor(3));
  EXPECT_THAT(inbox_.payloads(), ElementsAre("", "", "after"));
}

TEST_F(ListenerTest, CancelledSubscriptionIsSilent) {
  Inbox other;
  auto subscription = listener_.Subscribe("news", inbox_.Callback());
  const auto witness = listener_.Subscribe("news", other.Callback());
  ASSERT_TRUE(inbox_.WaitFor(1));
  ASSERT_TRUE(other.WaitFor(1));
  subscription.Cancel();
  Notify("news", "x");
  ASSERT_TRUE(other.WaitFor(2));
  EXPECT_THAT(inbox_.payloads(), ElementsAre(""));
}

TEST_F(ListenerTest, CallbackMayCancelItself) {
  absl::Notification done;
  Listener::Subscription subscription;
  absl::Mutex mutex;
  {
    absl::MutexLock lock(&mutex);
    subscription = listener_.Subscribe("news", [&](std::string_view) {
      absl::MutexLock assigned(&mutex);
      subscription.Cancel();
      done.Notify();
    });
  }
  EXPECT_TRUE(done.WaitForNotificationWithTimeout(absl::Seconds(20)));
  absl::MutexLock until_it_returned(&mutex);
}

TEST_F(ListenerTest, ThrowingCallbackHarmsNobodyElse) {
  const auto bad =
      listener_.Subscribe("news", [](std::string_view) { throw std::runtime_error("callback"); });
  const auto good = listener_.Subscribe("news", inbox_.Callback());
  ASSERT_TRUE(inbox_.WaitFor(1));
  Notify("news", "x");
  EXPECT_TRUE(inbox_.WaitFor(2));
}

TEST(ListenerWithoutServerTest, StopsWhileItTriesToConnect) {
  Listener listener("host=/nowhere");
  const auto subscription = listener.Subscribe("news", [](std::string_view) {});
}

}  // namespace
}  // namespace sockel::pg
