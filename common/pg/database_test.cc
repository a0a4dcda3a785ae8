#include "common/pg/database.h"

#include <thread>

#include "common/pg/testing_fixture.h"

namespace sockel::pg {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class DatabaseTest : public PgTest {};

TEST_F(DatabaseTest, ReadGivesWhatTheLambdaReturns) {
  ASSERT_TRUE(Insert(caller_, "a", "Title").ok());
  const absl::StatusOr<std::string> title =
      db_.Read(caller_, "things.get", [&](Transaction& tx) -> absl::StatusOr<std::string> {
        return tx.Exec(kGetThing, tx.caller().tenant, "a")[0][0].as<std::string>();
      });
  EXPECT_EQ(title.value(), "Title");
}

TEST_F(DatabaseTest, ReadCannotWrite) {
  const absl::Status status = db_.Read(caller_, "reads", [&](Transaction& tx) -> absl::Status {
    tx.Exec(kInsertThing, "smi", "a", "t");
    return absl::OkStatus();
  });
  EXPECT_THAT(status, IsError(absl::StatusCode::kInternal, "INTERNAL_ERROR"));
  EXPECT_EQ(Count(caller_).value(), 0);
}

TEST_F(DatabaseTest, SnapshotSeesOneState) {
  const absl::StatusOr<std::int64_t> difference = db_.ReadSnapshot(
      caller_, "things.snapshot", [&](Transaction& tx) -> absl::StatusOr<std::int64_t> {
        const auto before = tx.Exec(kCountAll)[0][0].as<std::int64_t>();
        EXPECT_TRUE(Insert(caller_, "a").ok());
        return tx.Exec(kCountAll)[0][0].as<std::int64_t>() - before;
      });
  EXPECT_EQ(difference.value(), 0);
  EXPECT_EQ(Count(caller_).value(), 1);
}

TEST_F(DatabaseTest, ErrorOfTheLambdaRollsBack) {
  const absl::Status status =
      db_.Write(caller_, "things.insert", [&](WriteTransaction& tx) -> absl::Status {
        tx.Exec(kInsertThing, "smi", "a", "t");
        tx.ExecAtCommit(kInsertThing, "smi", "b", "t");
        return error::NotFound("tenants/smi/things/x");
      });
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Count(caller_).value(), 0);
}

TEST_F(DatabaseTest, StatementsKeptForCommitRunInOrder) {
  constexpr Query kRename{"things.rename", "UPDATE things SET title = $2 WHERE id = $1"};
  ASSERT_TRUE(db_.Write(caller_, "things.insert",
                        [&](WriteTransaction& tx) -> absl::Status {
                          tx.ExecAtCommit(kInsertThing, "smi", "a", "first");
                          tx.ExecAtCommit(kRename, "a", "second");
                          return absl::OkStatus();
                        })
                  .ok());
  EXPECT_EQ(Superuser("SELECT title FROM things")[0][0].as<std::string>(), "second");
}

TEST_F(DatabaseTest, FailureAtCommitUndoesEverything) {
  const absl::Status status =
      db_.Write(caller_, "things.insert", [&](WriteTransaction& tx) -> absl::Status {
        tx.Exec(kInsertThing, "smi", "a", "t");
        tx.ExecAtCommit(kInsertThing, "smi", "a", "again");
        return absl::OkStatus();
      });
  EXPECT_THAT(status, IsError(absl::StatusCode::kInternal, "INTERNAL_ERROR"));
  EXPECT_EQ(Count(caller_).value(), 0);
}

TEST_F(DatabaseTest, LambdaThatSwallowsAnExceptionDoesNotCommit) {
  const absl::Status status =
      db_.Write(caller_, "things.insert", [&](WriteTransaction& tx) -> absl::Status {
        tx.Exec(kInsertThing, "smi", "a", "t");
        try {
          tx.Exec(kInsertThing, "smi", "a", "t");
        } catch (const std::exception&) {
        }
        return absl::OkStatus();
      });
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(Count(caller_).value(), 0);
}

TEST_F(DatabaseTest, HooksRunAfterCommitOnly) {
  int runs = 0;
  std::int64_t seen = -1;
  ASSERT_TRUE(db_.Write(caller_, "things.insert",
                        [&](WriteTransaction& tx) -> absl::Status {
                          tx.Exec(kInsertThing, "smi", "a", "t");
                          tx.AfterCommit([&] {
                            ++runs;
                            seen = Count(caller_).value();
                          });
                          return absl::OkStatus();
                        })
                  .ok());
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(seen, 1);
  ASSERT_FALSE(db_.Write(caller_, "things.insert",
                         [&](WriteTransaction& tx) -> absl::Status {
                           tx.AfterCommit([&] { ++runs; });
                           return absl::AbortedError("no");
                         })
                   .ok());
  EXPECT_EQ(runs, 1);
}

TEST_F(DatabaseTest, TransactionTimeIsTheClocksToTheMicrosecond) {
  clock_.Set(absl::FromUnixNanos(1'767'600'000'123'456'789));
  ASSERT_TRUE(db_.Write(caller_, "time",
                        [&](WriteTransaction& tx) -> absl::Status {
                          EXPECT_EQ(tx.time(), absl::FromUnixMicros(1'767'600'000'123'456));
                          return absl::OkStatus();
                        })
                  .ok());
}

TEST_F(DatabaseTest, DriverTextStaysInside) {
  ASSERT_TRUE(Insert(caller_, "secret-id").ok());
  const absl::Status status = Insert(caller_, "secret-id");
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("things")));
  EXPECT_THAT(error::LogMessageOf(status), HasSubstr("things.insert"));
  EXPECT_THAT(error::LogMessageOf(status), HasSubstr("23505"));
  EXPECT_THAT(error::LogMessageOf(status), Not(HasSubstr("secret-id")));
}

TEST_F(DatabaseTest, TwoQueriesOfOneNameAreADefect) {
  constexpr Query kOne{"test.same", "SELECT 1"};
  constexpr Query kTwo{"test.same", "SELECT 2"};
  const absl::Status status = db_.Read(caller_, "test", [&](Transaction& tx) -> absl::Status {
    tx.Exec(kOne);
    tx.Exec(kTwo);
    return absl::OkStatus();
  });
  EXPECT_THAT(error::LogMessageOf(status), HasSubstr("test.same"));
}

TEST_F(DatabaseTest, ReadIsOneRoundTripAndWriteTwo) {
  ASSERT_TRUE(Insert(caller_, "a").ok());  // prepares
  ASSERT_TRUE(Count(caller_).ok());
  const int before = observer_.queries;
  ASSERT_TRUE(Count(caller_).ok());
  EXPECT_EQ(observer_.queries - before, 1);
  ASSERT_TRUE(Insert(caller_, "b").ok());
  EXPECT_EQ(observer_.queries - before, 3);
}

TEST_F(DatabaseTest, DeadlineCancelsTheStatement) {
  caller_.deadline = clock_.Now() + absl::Milliseconds(50);
  const absl::Status status = db_.Read(caller_, "sleep", [&](Transaction& tx) -> absl::Status {
    tx.Exec(kSleep, 20);
    return absl::OkStatus();
  });
  EXPECT_THAT(status, IsError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_TOO_SHORT"));
  const absl::Status write = db_.Write(caller_, "sleep", [&](WriteTransaction& tx) -> absl::Status {
    tx.Exec(kInsertThing, "smi", "a", "t");
    tx.Exec(kSleep, 20);
    return absl::OkStatus();
  });
  EXPECT_THAT(write, IsError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_TOO_SHORT"));
  caller_.deadline = absl::InfiniteFuture();
  EXPECT_EQ(Count(caller_).value(), 0);
}

TEST_F(DatabaseTest, DeadlineThatPassesOnTheWayCommitsNothing) {
  caller_.deadline = clock_.Now() + absl::Seconds(5);
  const absl::Status status =
      db_.Write(caller_, "things.insert", [&](WriteTransaction& tx) -> absl::Status {
        tx.Exec(kInsertThing, "smi", "a", "t");
        clock_.Advance(absl::Seconds(6));
        return absl::OkStatus();
      });
  EXPECT_THAT(status, IsError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_TOO_SHORT"));
  caller_.deadline = absl::InfiniteFuture();
  EXPECT_EQ(Count(caller_).value(), 0);
}

TEST_F(DatabaseTest, EachStatementHasTheTimeThatIsLeft) {
  caller_.deadline = clock_.Now() + absl::Seconds(20);
  const absl::Status status =
      db_.Write(caller_, "sleep", [&](WriteTransaction& tx) -> absl::Status {
        tx.Exec(kInsertThing, "smi", "a", "t");
        clock_.Advance(absl::Milliseconds(19'950));
        tx.Exec(kSleep, 20);
        return absl::OkStatus();
      });
  EXPECT_THAT(status, IsError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_TOO_SHORT"));
}

TEST_F(DatabaseTest, PassedDeadlineIsRefusedWithoutAsking) {
  caller_.deadline = clock_.Now();
  EXPECT_THAT(Insert(caller_, "a"),
              IsError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_TOO_SHORT"));
  EXPECT_EQ(observer_.queries, 0);
}

TEST_F(DatabaseTest, RunsAgainAfterSerializationFailureAndDeadlock) {
  for (const char* state : {"40001", "40P01"}) {
    Superuser("ALTER SEQUENCE attempts RESTART");
    const int retries = observer_.retries;
    int runs = 0;
    const absl::Status status =
        db_.Write(caller_, "lose", [&](WriteTransaction& tx) -> absl::Status {
          ++runs;
          tx.Exec(kInsertThing, "smi", state, "t");
          tx.Exec(kLose, 2, state);
          return absl::OkStatus();
        });
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(runs, 3);
    EXPECT_EQ(observer_.retries - retries, 2);
  }
  EXPECT_EQ(Count(caller_).value(), 2);
}

TEST_F(DatabaseTest, RunsAgainWhenCommitLoses) {
  int runs = 0;
  const absl::Status status = db_.Write(caller_, "lose", [&](WriteTransaction& tx) -> absl::Status {
    ++runs;
    tx.ExecAtCommit(kLose, 1, "40001");
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(runs, 2);
}

TEST_F(DatabaseTest, GivesUpAfterSeveralConflicts) {
  int runs = 0;
  const absl::Status status = db_.Write(caller_, "lose", [&](WriteTransaction& tx) -> absl::Status {
    ++runs;
    tx.Exec(kLose, 1000, "40001");
    return absl::OkStatus();
  });
  EXPECT_THAT(status, IsError(absl::StatusCode::kAborted, "CONFLICT"));
  EXPECT_GT(error::RetryAfterOf(status), absl::ZeroDuration());
  EXPECT_EQ(runs, 6);
}

TEST_F(DatabaseTest, NeverRunsAgainAfterAnotherError) {
  int runs = 0;
  ASSERT_FALSE(db_.Write(caller_, "lose",
                         [&](WriteTransaction& tx) -> absl::Status {
                           ++runs;
                           tx.Exec(kLose, 1, "23505");
                           return absl::OkStatus();
                         })
                   .ok());
  EXPECT_EQ(runs, 1);
}

TEST_F(DatabaseTest, FullDiskIsToldAsSuch) {
  const absl::Status status = db_.Write(caller_, "full", [&](WriteTransaction& tx) -> absl::Status {
    tx.Exec(kLose, 1, "53100");
    return absl::OkStatus();
  });
  EXPECT_THAT(status, IsError(absl::StatusCode::kResourceExhausted, "STORAGE_FULL"));
}

TEST_F(DatabaseTest, RealDeadlockEndsWithBothDone) {
  ASSERT_TRUE(Insert(caller_, "a").ok());
  ASSERT_TRUE(Insert(caller_, "b").ok());
  Superuser("ALTER DATABASE " + database_.name() + " SET deadlock_timeout = '10ms'");
  pool_.CloseIdle();
  constexpr Query kTouch{"things.touch",
                         "UPDATE things SET count = coalesce(count, 0) + 1 WHERE id = $1"};
  std::atomic<int> holding{0};
  const auto touch_both = [&](const char* first, const char* second) {
    bool met = false;
    return db_.Write(caller_, "things.touch", [&](WriteTransaction& tx) -> absl::Status {
      tx.Exec(kTouch, first);
      if (!met) {
        met = true;
        ++holding;
        while (holding < 2) std::this_thread::yield();
      }
      tx.Exec(kTouch, second);
      return absl::OkStatus();
    });
  };
  std::thread other([&] { EXPECT_TRUE(touch_both("b", "a").ok()); });
  EXPECT_TRUE(touch_both("a", "b").ok());
  other.join();
  EXPECT_EQ(Superuser("SELECT sum(count) FROM things")[0][0].as<int>(), 4);
}

TEST_F(DatabaseTest, SchemaChangeUnderAPreparedStatementIsSurvived) {
  constexpr Query kStar{"things.star", "SELECT * FROM things"};
  const auto columns = [&] {
    return db_
        .Read(caller_, "things.star",
              [&](Transaction& tx) -> absl::StatusOr<int> {
                return static_cast<int>(tx.Exec(kStar).columns());
              })
        .value();
  };
  EXPECT_EQ(columns(), 4);
  Superuser("ALTER TABLE things ADD COLUMN note text");
  EXPECT_EQ(columns(), 5);
}

TEST_F(DatabaseTest, PingAnswers) { EXPECT_TRUE(db_.Ping(absl::Seconds(5)).ok()); }

}  // namespace
}  // namespace sockel::pg
