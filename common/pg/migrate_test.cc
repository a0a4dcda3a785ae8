#include "common/pg/migrate.h"

#include <thread>

#include "common/pg/testing_fixture.h"

namespace sockel::pg {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class MigrateTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::vector<std::string>> Run(const std::vector<Migration>& migrations) {
    return Migrate(database_.owner_conninfo(), migrations, testing::TestDatabase::kRuntimeRole);
  }

  testing::TestDatabase database_{{}};
  Pool pool_{{.conninfo = database_.conninfo()}};
  const Migration first_{"t/0001_a.sql",
                         "CREATE TABLE a (tenant_id text PRIMARY KEY);"
                         "SELECT sockel_protect('a');"};
  const Migration second_{"t/0002_b.sql", "CREATE TABLE b (tenant_id text PRIMARY KEY);"};

  std::vector<Migration> Common(std::vector<Migration> more) {
    std::vector<Migration> all = CommonMigrations();
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};

TEST_F(MigrateTest, AppliesWhatIsMissingOnce) {
  EXPECT_THAT(Run(Common({first_})).value(), ElementsAre("common/0001_common.sql", "t/0001_a.sql"));
  EXPECT_THAT(Run(Common({first_, second_})).value(), ElementsAre("t/0002_b.sql"));
  EXPECT_THAT(Run(Common({first_, second_})).value(), IsEmpty());
}

TEST_F(MigrateTest, RefusesAChangedText) {
  ASSERT_TRUE(Run(Common({first_})).ok());
  const Migration changed{first_.id, "CREATE TABLE a (tenant_id text);"};
  const auto result = Run(Common({changed, second_}));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("t/0001_a.sql"));
  EXPECT_EQ(MissingRevision(pool_, Common({first_, second_})).value(), "t/0002_b.sql");
}

TEST_F(MigrateTest, FailedOneLeavesNoTraceAndIsNamed) {
  const Migration broken{"t/0002_broken.sql", "CREATE TABLE c (id int); SELECT nonsense();"};
  const auto result = Run(Common({first_, broken}));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(error::LogMessageOf(result.status()), HasSubstr("t/0002_broken.sql"));
  EXPECT_EQ(MissingRevision(pool_, Common({first_, broken})).value(), "t/0002_broken.sql");
  const Migration mended{"t/0002_broken.sql", "CREATE TABLE c (id int);"};
  EXPECT_TRUE(Run(Common({first_, mended})).ok());
}

TEST_F(MigrateTest, WaitsForATableFiveSecondsAtMost) {
  const Migration curious{
      "t/0001_patience.sql",
      "CREATE TABLE patience AS SELECT current_setting('lock_timeout') AS most"};
  ASSERT_TRUE(Run(Common({curious})).ok());
  pqxx::connection connection(database_.owner_conninfo());
  pqxx::nontransaction tx(connection);
  EXPECT_EQ(tx.exec("SELECT most FROM patience")[0][0].as<std::string>(), "5s");
}

TEST_F(MigrateTest, OneThatDoesNotGetItsTableLeavesNoTraceAndSaysWhatToDo) {
  ASSERT_TRUE(Run(Common({first_})).ok());
  // With less patience than others, so that the test has more.
  const Migration column{"t/0002_column.sql",
                         "CREATE TABLE c (id int); SET LOCAL lock_timeout = '50ms'; "
                         "ALTER TABLE a ADD COLUMN n int;"};
  pqxx::connection connection(database_.superuser_conninfo());
  pqxx::work reader(connection);
  reader.exec("SELECT * FROM a");
  const auto result = Run(Common({first_, column}));
  EXPECT_THAT(result.status(), IsError(absl::StatusCode::kAborted, "CONFLICT"));
  EXPECT_THAT(error::LogMessageOf(result.status()),
              AllOf(HasSubstr("t/0002_column.sql"), HasSubstr("Run `migrate` again")));
  reader.commit();
  EXPECT_THAT(Run(Common({first_, column})).value(), ElementsAre("t/0002_column.sql"));
}

TEST_F(MigrateTest, SeveralAtOnceTakeTurns) {
  std::vector<std::thread> threads;
  std::atomic<std::size_t> applied{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto result = Run(Common({first_, second_}));
      ASSERT_TRUE(result.ok()) << result.status();
      applied += result->size();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(applied, 3U);
}

TEST_F(MigrateTest, ReadinessNamesTheFirstMissingOne) {
  EXPECT_EQ(MissingRevision(pool_, Common({first_})).value(), "common/0001_common.sql");
  ASSERT_TRUE(Run(Common({first_})).ok());
  EXPECT_EQ(MissingRevision(pool_, Common({first_})).value(), "");
  EXPECT_EQ(MissingRevision(pool_, Common({first_, second_})).value(), "t/0002_b.sql");
  // A newer version migrated already.
  EXPECT_EQ(MissingRevision(pool_, CommonMigrations()).value(), "");
}

TEST_F(MigrateTest, RuntimeRoleMayUseButNotChangeTheSchema) {
  ASSERT_TRUE(Run(Common({first_})).ok());
  pqxx::connection connection(database_.conninfo());
  pqxx::nontransaction tx(connection);
  tx.exec("SET sockel.tenant = 'smi'");
  tx.exec("INSERT INTO a VALUES ('smi')");
  EXPECT_THROW(tx.exec("INSERT INTO a VALUES ('mlr')"), pqxx::sql_error);
  EXPECT_THROW(tx.exec("DROP TABLE a"), pqxx::sql_error);
  EXPECT_THROW(tx.exec("ALTER TABLE a DISABLE ROW LEVEL SECURITY"), pqxx::sql_error);
  EXPECT_THROW(tx.exec("DELETE FROM schema_migrations"), pqxx::sql_error);
}

TEST_F(MigrateTest, OwnerIsBoundByRowLevelSecurityToo) {
  ASSERT_TRUE(Run(Common({first_})).ok());
  pqxx::connection connection(database_.owner_conninfo());
  pqxx::nontransaction tx(connection);
  EXPECT_THROW(tx.exec("INSERT INTO a VALUES ('smi')"), pqxx::sql_error);
}

TEST_F(MigrateTest, ReadableByAllIsStillWritableByTheOwnerOnly) {
  const Migration shared{"t/0001_s.sql",
                         "CREATE TABLE s (tenant_id text PRIMARY KEY);"
                         "SELECT sockel_protect_readable_by_all('s');"};
  ASSERT_TRUE(Run(Common({shared})).ok());
  pqxx::connection connection(database_.conninfo());
  pqxx::nontransaction tx(connection);
  tx.exec("SET sockel.tenant = 'provider'; INSERT INTO s VALUES ('provider')");
  tx.exec("SET sockel.tenant = 'smi'");
  EXPECT_EQ(tx.exec("SELECT * FROM s").size(), 1U);
  EXPECT_EQ(tx.exec("UPDATE s SET tenant_id = 'smi'").affected_rows(), 0U);
  EXPECT_EQ(tx.exec("DELETE FROM s").affected_rows(), 0U);
}

TEST_F(MigrateTest, SaysWhenThereIsNoServer) {
  EXPECT_EQ(Migrate("host=/nowhere", {}, "x").status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace sockel::pg
