#include "common/rpc/worker_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"

namespace sockel::rpc {
namespace {

class FunctionTask final : public WorkerPool::Task {
 public:
  explicit FunctionTask(std::function<void()> function) : function_(std::move(function)) {}
  void Run() override { function_(); }

 private:
  std::function<void()> function_;
};

class WorkerPoolTest : public ::testing::Test {
 protected:
  // Keeps the pool's only thread busy until release_.
  void Occupy(WorkerPool& pool) {
    ASSERT_TRUE(pool.TrySubmit(blocker_));
    started_.WaitForNotification();
  }

  metrics::Registry metrics_;
  absl::Notification started_;
  absl::Notification release_;
  FunctionTask blocker_{[this] {
    started_.Notify();
    release_.WaitForNotification();
  }};
};

TEST_F(WorkerPoolTest, RunsEveryTask) {
  absl::BlockingCounter left(1000);
  FunctionTask* tasks[1000];
  WorkerPool pool({.threads = 4, .queue = 1000, .max_wait = absl::InfiniteDuration()}, metrics_);
  for (FunctionTask*& task : tasks) {
    task = new FunctionTask([&] { left.DecrementCount(); });
    ASSERT_TRUE(pool.TrySubmit(*task));
  }
  left.Wait();
  for (FunctionTask* task : tasks) delete task;
}

TEST_F(WorkerPoolTest, RefusesWhatDoesNotFitWithoutWaiting) {
  std::atomic<int> ran{0};
  FunctionTask a([&] { ++ran; });
  FunctionTask b([&] { ++ran; });
  {
    WorkerPool pool({.threads = 1, .queue = 1}, metrics_);
    Occupy(pool);
    EXPECT_TRUE(pool.TrySubmit(a));
    EXPECT_FALSE(pool.TrySubmit(b));
    release_.Notify();
  }
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(metrics_.Counter("sockel_workers_refused_total", "", {{"pool", "rpc"}}).Value(), 1);
}

TEST_F(WorkerPoolTest, TakesTheNextStepOfAdmittedWorkThoughFull) {
  std::atomic<int> ran{0};
  FunctionTask a([&] { ++ran; });
  FunctionTask b([&] { ++ran; });
  {
    WorkerPool pool({.threads = 1, .queue = 1}, metrics_);
    Occupy(pool);
    EXPECT_TRUE(pool.TrySubmit(a));
    pool.SubmitAdmitted(b);
    release_.Notify();
  }
  EXPECT_EQ(ran, 2);
}

TEST_F(WorkerPoolTest, RefusesWhenTheQueueIsSlowThoughNotLong) {
  const auto nothing = [] {};
  FunctionTask burst[] = {FunctionTask(nothing), FunctionTask(nothing), FunctionTask(nothing),
                          FunctionTask(nothing)};
  FunctionTask late(nothing);
  WorkerPool pool({.threads = 1, .queue = 1000, .max_wait = absl::Microseconds(1)}, metrics_);
  // One measured task of some milliseconds.
  absl::Notification done;
  FunctionTask slow([&] {
    const absl::Time end = absl::Now() + absl::Milliseconds(5);
    while (absl::Now() < end) {
    }
    done.Notify();
  });
  ASSERT_TRUE(pool.TrySubmit(slow));
  done.WaitForNotification();
  Occupy(pool);
  for (FunctionTask& task : burst) EXPECT_TRUE(pool.TrySubmit(task));
  EXPECT_FALSE(pool.TrySubmit(late));
  EXPECT_GT(pool.ExpectedWait(), absl::Microseconds(1));
  release_.Notify();
}

}  // namespace
}  // namespace sockel::rpc
