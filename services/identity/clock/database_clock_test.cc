#include "services/identity/clock/database_clock.h"

#include "services/identity/testing/identity_fixture.h"

namespace sockel::identity {
namespace {

using DatabaseClockTest = IdentityTest;

TEST_F(DatabaseClockTest, IsTheMachinesUntilItIsSynchronized) {
  const DatabaseClock clock(db_, clock_);
  EXPECT_EQ(clock.Now(), clock_.Now());
}

TEST_F(DatabaseClockTest, MakesReplicasAgreeWhoseClocksDoNot) {
  testing::FakeClock slow(clock_.Now() - absl::Seconds(25));
  testing::FakeClock fast(clock_.Now() + absl::Seconds(25));
  DatabaseClock one(db_, slow);
  DatabaseClock other(db_, fast);
  ASSERT_TRUE(one.Synchronize().ok());
  ASSERT_TRUE(other.Synchronize().ok());
  EXPECT_LT(absl::AbsDuration(one.Now() - other.Now()), absl::Seconds(5));
  EXPECT_LT(absl::AbsDuration(one.Now() - absl::Now()), absl::Seconds(5));
}

TEST_F(DatabaseClockTest, GoesOnWithTheMachineWhileTheDatabaseIsAway) {
  pg::Pool nowhere({.conninfo = "host=/nowhere", .size = 1});
  pg::Database away(nowhere, clock_);
  DatabaseClock clock(away, clock_);
  EXPECT_FALSE(clock.Synchronize().ok());
  clock_.Advance(absl::Seconds(3));
  EXPECT_EQ(clock.Now(), clock_.Now());
}

}  // namespace
}  // namespace sockel::identity
