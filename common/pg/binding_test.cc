// What a connection is bound to: tenant and time.
#include "common/pg/connection.h"
#include "common/pg/database.h"
#include "common/pg/testing_fixture.h"

namespace sockel::pg {
namespace {

// Every test of isolation uses one connection for both tenants.
class TenantTest : public PgTest {
 protected:
  TenantTest() : PgTest(1) {}
  Caller other_ = testing::MakeCaller("mlr");
};

TEST_F(TenantTest, SeesOnlyItsOwnRowsEvenWithoutAWhereClause) {
  ASSERT_TRUE(Insert(caller_, "a").ok());
  ASSERT_TRUE(Insert(other_, "b").ok());
  ASSERT_TRUE(Insert(other_, "c").ok());
  EXPECT_EQ(Count(caller_).value(), 1);
  EXPECT_EQ(Count(other_).value(), 2);
  EXPECT_EQ(Count(Caller::System("*")).value(), 3);
  EXPECT_EQ(Count(Caller::System("")).value(), 0);
}

TEST_F(TenantTest, CannotWriteForAnother) {
  const absl::Status status =
      db_.Write(caller_, "things.insert", [&](WriteTransaction& tx) -> absl::Status {
        tx.Exec(kInsertThing, "mlr", "x", "t");
        return absl::OkStatus();
      });
  EXPECT_THAT(status, IsError(absl::StatusCode::kInternal, "INTERNAL_ERROR"));
  EXPECT_EQ(Count(other_).value(), 0);
}

TEST_F(TenantTest, BindingEndsWithTheTransaction) {
  ASSERT_TRUE(Insert(caller_, "a").ok());
  ASSERT_FALSE(db_.Write(caller_, "fails",
                         [](WriteTransaction& tx) -> absl::Status {
                           tx.Exec(kCountAll);
                           return absl::NotFoundError("no");
                         })
                   .ok());
  const auto lease = pool_.Acquire();
  EXPECT_EQ((*lease)->Send("SELECT count(*) FROM things")[0][0].as<int>(), 0);
}

// The session keeps the binding of a read for the next one of the same tenant.
TEST_F(TenantTest, AFailedReadLeavesNoWrongBindingBehind) {
  ASSERT_TRUE(Insert(caller_, "a").ok());
  ASSERT_TRUE(Insert(other_, "b").ok());
  ASSERT_TRUE(Insert(other_, "c").ok());
  constexpr Query kFails{"things.fails", "SELECT 1 / (count(*) - count(*)) FROM things"};
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Count(caller_).value(), 1);
    // Once with the binding in the failing message, once without.
    for (int i = 0; i < 2; ++i) {
      EXPECT_FALSE(db_.Read(other_, "fails",
                            [&](Transaction& tx) -> absl::Status {
                              tx.Exec(kFails);
                              return absl::OkStatus();
                            })
                       .ok());
      EXPECT_EQ(Count(other_).value(), 2);
    }
    EXPECT_EQ(Count(caller_).value(), 1);
  }
}

TEST_F(TenantTest, AWriteInBetweenDoesNotChangeWhatTheNextReadSees) {
  ASSERT_TRUE(Insert(caller_, "a").ok());
  EXPECT_EQ(Count(caller_).value(), 1);
  ASSERT_TRUE(Insert(other_, "b").ok());
  EXPECT_EQ(Count(caller_).value(), 1);
  EXPECT_EQ(Count(other_).value(), 1);
  EXPECT_EQ(Count(Caller::System("*")).value(), 2);
  EXPECT_EQ(Count(Caller::System("")).value(), 0);
}

TEST_F(TenantTest, NameCannotBreakOut) {
  const Caller evil = testing::MakeCaller("x'; SET LOCAL sockel.tenant='*");
  ASSERT_TRUE(Insert(caller_, "a").ok());
  EXPECT_EQ(Count(evil).value(), 0);
}

TEST(StatementTimeoutTest, IsTheTimeLeftRoundedUpAndNeverMoreThanTheLongest) {
  const absl::Duration most = absl::Seconds(30);
  EXPECT_EQ(StatementTimeout(absl::Milliseconds(1), most), absl::Milliseconds(64));
  EXPECT_EQ(StatementTimeout(absl::Milliseconds(65), most), absl::Milliseconds(128));
  EXPECT_EQ(StatementTimeout(absl::Seconds(20), most), most);
  EXPECT_EQ(StatementTimeout(absl::InfiniteDuration(), most), most);
  EXPECT_EQ(StatementTimeout(absl::InfiniteDuration(), absl::Milliseconds(10)),
            absl::Milliseconds(10));
}

}  // namespace
}  // namespace sockel::pg
