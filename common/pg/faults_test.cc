// What happens when PostgreSQL goes away, or lets nobody in.
#include <unistd.h>

#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/pg/connection.h"
#include "common/pg/listener.h"
#include "common/pg/testing_fixture.h"
#include "common/testing/postgres_cluster.h"
#include "common/testing/test_database.h"

namespace sockel::pg {
namespace {

constexpr Query kTerminateMe{"test.terminate", "SELECT pg_terminate_backend(pg_backend_pid())"};

// A server of its own, which may be stopped.
class RestartTest : public ::testing::Test {
 protected:
  testing::PostgresCluster cluster_;
};

class WithServer : public PgTest {
 public:
  explicit WithServer(const testing::PostgresCluster& cluster) : PgTest(4, cluster.conninfo()) {}
  void TestBody() override {}
  using PgTest::caller_;
  using PgTest::Count;
  using PgTest::database_;
  using PgTest::Insert;
  using PgTest::pool_;
  using PgTest::Superuser;
};

TEST_F(RestartTest, NextCallAfterARestartSucceeds) {
  WithServer pg(cluster_);
  {
    // Several idle connections, all to be broken.
    const auto a = pg.pool_.Acquire();
    const auto b = pg.pool_.Acquire();
  }
  ASSERT_TRUE(pg.Insert(pg.caller_, "a").ok());
  cluster_.Restart();
  const auto count = pg.Count(pg.caller_);
  EXPECT_TRUE(count.ok()) << count.status();
  cluster_.Restart();
  const absl::Status write = pg.Insert(pg.caller_, "b");
  EXPECT_TRUE(write.ok()) << write;
  EXPECT_EQ(pg.Count(pg.caller_).value(), 2);
}

TEST_F(RestartTest, CallsAreRefusedWhileTheServerIsAwayAndServedAfterwards) {
  WithServer pg(cluster_);
  ASSERT_TRUE(pg.Insert(pg.caller_, "a").ok());
  cluster_.Crash();
  for (const absl::Status& status : {pg.Insert(pg.caller_, "b"), pg.Count(pg.caller_).status()}) {
    EXPECT_THAT(status, IsError(absl::StatusCode::kUnavailable, "DATABASE_UNAVAILABLE"));
    EXPECT_GT(error::RetryAfterOf(status), absl::ZeroDuration());
  }
  EXPECT_EQ(pg.pool_.open(), 0);
  cluster_.Start();
  EXPECT_EQ(pg.Count(pg.caller_).value(), 1);
}

// The server demands the runtime role's password, which stands in a file.
class PasswordTest : public RestartTest {
 protected:
  PasswordTest() {
    const auto folder = pg_.Superuser("SHOW data_directory")[0][0].as<std::string>();
    pg_.Superuser(
        "COPY (VALUES ('local all postgres trust'), ('local all all scram-sha-256')) TO '" +
        folder + "/pg_hba.conf'");
    cluster_.Restart();
    ChangePassword("first");
  }
  ~PasswordTest() override { unlink(file_.c_str()); }

  void ChangePassword(const std::string& password) {
    pg_.Superuser(absl::StrCat("ALTER ROLE ", testing::TestDatabase::kRuntimeRole, " PASSWORD '",
                               password, "'"));
    std::ofstream(file_) << password << "\n";
  }

  WithServer pg_{cluster_};
  const std::string file_ = absl::StrCat(::testing::TempDir(), "sockel_pg_", getpid(), "_password");
};

TEST_F(PasswordTest, IsReadAgainForEachConnectionOfAPool) {
  EXPECT_FALSE(pg_.pool_.Acquire().ok());  // knows none
  Pool pool({.conninfo = pg_.database_.conninfo(), .password_file = file_});
  const auto before = pool.Acquire();
  ASSERT_TRUE(before.ok()) << before.status();
  ChangePassword("second");
  EXPECT_TRUE(pool.Acquire().ok());
  EXPECT_EQ((*before)->Send("SELECT 1").size(), 1U);
}

TEST_F(PasswordTest, IsReadAgainForEachConnectionOfAListener) {
  std::atomic<int> welcomes{0};
  Listener listener(pg_.database_.conninfo(), file_);
  const auto subscription = listener.Subscribe("news", [&](std::string_view) { ++welcomes; });
  const auto welcomed = [&](int times) {
    const absl::Time limit = absl::Now() + absl::Seconds(20);
    while (welcomes < times && absl::Now() < limit) std::this_thread::yield();
    return welcomes >= times;
  };
  ASSERT_TRUE(welcomed(1));
  ChangePassword("second");
  pg_.Superuser(absl::StrCat("SELECT pg_terminate_backend(pid) FROM pg_stat_activity ",
                             "WHERE usename = '", testing::TestDatabase::kRuntimeRole, "'"));
  EXPECT_TRUE(welcomed(2));
}

TEST_F(PasswordTest, WithoutItsFileThereIsNoConnection) {
  unlink(file_.c_str());
  Pool pool({.conninfo = pg_.database_.conninfo(), .password_file = file_});
  EXPECT_THAT(pool.Acquire().status(),
              IsError(absl::StatusCode::kUnavailable, "DATABASE_UNAVAILABLE"));
  EXPECT_EQ(pool.open(), 0);
}

class LostConnectionTest : public PgTest {};

TEST_F(LostConnectionTest, InTheMiddleOfATransactionNothingHappened) {
  int runs = 0;
  const absl::Status status =
      db_.Write(caller_, "things.insert", [&](WriteTransaction& tx) -> absl::Status {
        ++runs;
        tx.Exec(kInsertThing, "smi", "a", "t");
        tx.Exec(kTerminateMe);
        return absl::OkStatus();
      });
  EXPECT_THAT(status, IsError(absl::StatusCode::kUnavailable, "DATABASE_UNAVAILABLE"));
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(Count(caller_).value(), 0);
}

TEST_F(LostConnectionTest, AtCommitIsNeverRunAgainWithoutRequestId) {
  int runs = 0;
  const absl::Status status =
      db_.Write(caller_, "things.insert", [&](WriteTransaction& tx) -> absl::Status {
        ++runs;
        tx.Exec(kInsertThing, "smi", "a", "t");
        tx.ExecAtCommit(kTerminateMe);
        return absl::OkStatus();
      });
  EXPECT_THAT(status, IsError(absl::StatusCode::kUnavailable, "DATABASE_UNAVAILABLE"));
  EXPECT_EQ(runs, 1);
}

TEST_F(LostConnectionTest, AtCommitIsRunAgainWithRequestId) {
  int runs = 0;
  const auto answer = db_.Write(testing::WithRequestId(caller_), "things.insert",
                                [&](WriteTransaction& tx) -> absl::StatusOr<StringValue> {
                                  tx.Exec(kInsertThing, "smi", "a", "t");
                                  if (++runs == 1) tx.ExecAtCommit(kTerminateMe);
                                  return StringValue();
                                });
  EXPECT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(Count(caller_).value(), 1);
}

// Whoever removes what belongs to a failed write (bytes of a document) relies
// on it: a refusal means that nothing was committed.
TEST_F(LostConnectionTest, AtCommitStaysUnknownWhateverTheNextAttemptMeets) {
  std::vector<Pool::Lease> leases;
  observer_.on_retry = [&] {
    for (int i = 0; i < 4; ++i) leases.push_back(*pool_.Acquire());
  };
  const auto answer = db_.Write(testing::WithRequestId(caller_), "things.insert",
                                [&](WriteTransaction& tx) -> absl::StatusOr<StringValue> {
                                  tx.Exec(kInsertThing, "smi", "a", "t");
                                  tx.ExecAtCommit(kTerminateMe);
                                  return StringValue();
                                });
  EXPECT_EQ(leases.size(), 4u);
  EXPECT_THAT(answer.status(), IsError(absl::StatusCode::kUnavailable, "DATABASE_UNAVAILABLE"));
}

TEST_F(LostConnectionTest, IdleOneIsReplacedUnnoticed) {
  for (int i = 0; i < 3; ++i) {
    const int backend = Backend().value();
    Superuser("SELECT pg_terminate_backend(" + std::to_string(backend) + ")");
    // Gone when its row is.
    while (
        !Superuser("SELECT FROM pg_stat_activity WHERE pid = " + std::to_string(backend)).empty()) {
      std::this_thread::yield();
    }
    if (i == 0) {
      EXPECT_NE(Backend().value(), backend);
    }
    if (i == 1) {
      EXPECT_TRUE(Insert(caller_, "a").ok());
    }
    if (i == 2) {
      EXPECT_EQ(db_.ReadSnapshot(caller_, "snapshot",
                                 [](Transaction& tx) -> absl::StatusOr<int> {
                                   return tx.Exec(kCountAll)[0][0].as<int>();
                                 })
                    .value(),
                1);
    }
  }
}

TEST_F(LostConnectionTest, WritesUnderFireHappenOnceEach) {
  // Connections are shot while four workers write with request ids; whatever
  // was acknowledged is there, and nothing twice.
  std::atomic<bool> stop{false};
  std::atomic<int> acknowledged{0};
  std::atomic<int> next{0};
  const auto work = [&] {
    while (!stop) {
      const std::string id = std::to_string(++next);
      const Caller caller = testing::WithRequestId(caller_, id);
      const auto write = [&] {
        return db_.Write(caller, "things.insert",
                         [&](WriteTransaction& tx) -> absl::StatusOr<StringValue> {
                           tx.Exec(kInsertThing, "smi", id, "t");
                           return StringValue();
                         });
      };
      absl::StatusOr<StringValue> answer = write();
      while (!answer.ok() && answer.status().code() == absl::StatusCode::kUnavailable) {
        answer = write();
      }
      ASSERT_TRUE(answer.ok()) << answer.status();
      ++acknowledged;
    }
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i) workers.emplace_back(work);
  for (int shot = 0; shot < 30; ++shot) {
    Superuser("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" +
              std::string(testing::TestDatabase::kRuntimeRole) + "' AND datname = '" +
              database_.name() + "'");
    const int seen = acknowledged;
    while (acknowledged < seen + 5) std::this_thread::yield();
  }
  stop = true;
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(Count(caller_).value(), acknowledged);
}

}  // namespace
}  // namespace sockel::pg
