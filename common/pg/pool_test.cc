#include "common/pg/pool.h"

#include <thread>

#include "common/pg/connection.h"
#include "common/pg/testing_fixture.h"

namespace sockel::pg {
namespace {

class PoolTest : public PgTest {
 protected:
  PoolTest() : PgTest(2) {}

  static int BackendOf(const Pool::Lease& lease) {
    return lease->Send("SELECT pg_backend_pid()")[0][0].as<int>();
  }
};

TEST_F(PoolTest, OpensConnectionsOnlyWhenNeeded) {
  EXPECT_EQ(pool_.open(), 0);
  { const auto lease = pool_.Acquire(); }
  { const auto lease = pool_.Acquire(); }
  EXPECT_EQ(pool_.open(), 1);
  EXPECT_EQ(pool_.in_use(), 0);
}

TEST_F(PoolTest, LendsTheOneUsedLastFirst) {
  int last = 0;
  {
    auto first = pool_.Acquire();
    auto second = pool_.Acquire();
    last = BackendOf(*first);
    { const Pool::Lease returned = *std::move(second); }
    { const Pool::Lease returned = *std::move(first); }
  }
  EXPECT_EQ(BackendOf(*pool_.Acquire()), last);
}

TEST_F(PoolTest, RefusesWhenNoneBecomesFreeInTime) {
  const auto first = pool_.Acquire();
  const auto second = pool_.Acquire();
  const auto third = pool_.Acquire();
  EXPECT_THAT(third.status(), IsError(absl::StatusCode::kResourceExhausted, "OVERLOADED"));
  EXPECT_GT(error::RetryAfterOf(third.status()), absl::ZeroDuration());
  EXPECT_THAT(Insert(caller_, "a"), IsError(absl::StatusCode::kResourceExhausted, "OVERLOADED"));
}

TEST_F(PoolTest, WaitsNoLongerThanTheCallersDeadline) {
  const auto first = pool_.Acquire();
  const auto second = pool_.Acquire();
  EXPECT_THAT(pool_.Acquire(absl::Milliseconds(1)).status(),
              IsError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_TOO_SHORT"));
}

TEST_F(PoolTest, WaitingCallGetsTheConnectionGivenBack) {
  Pool pool({.conninfo = database_.conninfo(), .size = 1, .wait = absl::Seconds(20)});
  auto lease = std::make_unique<Pool::Lease>(pool.Acquire().value());
  std::thread other([&] { EXPECT_TRUE(pool.Acquire().ok()); });
  lease.reset();
  other.join();
  EXPECT_EQ(pool.open(), 1);
}

TEST_F(PoolTest, ClosesDiscardedConnections) {
  {
    auto lease = pool_.Acquire();
    lease->Discard();
  }
  EXPECT_EQ(pool_.open(), 0);
}

TEST_F(PoolTest, SaysWhenThereIsNoServer) {
  Pool pool({.conninfo = "host=/nowhere dbname=x user=y"});
  EXPECT_THAT(pool.Acquire().status(),
              IsError(absl::StatusCode::kUnavailable, "DATABASE_UNAVAILABLE"));
  EXPECT_EQ(pool.open(), 0);
}

TEST(WithPasswordTest, QuotesAsLibpqWants) {
  EXPECT_EQ(WithPassword("host=a", "it's \\ x"), "host=a password='it\\'s \\\\ x'");
}

}  // namespace
}  // namespace sockel::pg
