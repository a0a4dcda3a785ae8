#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <google/protobuf/wrappers.pb.h>

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/error/error.h"
#include "common/pg/database.h"
#include "common/pg/migrate.h"
#include "common/pg/rows.h"
#include "common/testing/callers.h"
#include "common/testing/fake_clock.h"
#include "common/testing/test_database.h"

// What the tests of this folder share: a table of things.
namespace sockel::pg {

using google::protobuf::Int64Value;
using google::protobuf::StringValue;

inline std::vector<Migration> ThingMigrations() {
  std::vector<Migration> migrations = CommonMigrations();
  migrations.push_back({"things/0001_things.sql", R"(
    CREATE TABLE things (
      tenant_id text NOT NULL, id text NOT NULL, title text, count bigint,
      PRIMARY KEY (tenant_id, id));
    SELECT sockel_protect('things');
    CREATE SEQUENCE attempts;
    -- Loses against "others" in its first $1 attempts.
    CREATE FUNCTION lose(times bigint, state text) RETURNS bigint LANGUAGE plpgsql AS $$
    DECLARE attempt bigint := nextval('attempts');
    BEGIN
      IF attempt <= times THEN RAISE EXCEPTION 'lost' USING ERRCODE = state; END IF;
      RETURN attempt;
    END $$;
  )"});
  return migrations;
}

inline constexpr Query kInsertThing{
    "things.insert", "INSERT INTO things (tenant_id, id, title) VALUES ($1, $2, $3)"};
inline constexpr Query kInsertNewThing{
    "things.insert_new",
    "INSERT INTO things (tenant_id, id, title) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING "
    "RETURNING id"};
inline constexpr Query kGetThing{"things.get",
                                 "SELECT title FROM things WHERE tenant_id = $1 AND id = $2"};
inline constexpr Query kCountAll{"things.count_all", "SELECT count(*) FROM things"};
inline constexpr Query kSleep{"test.sleep", "SELECT pg_sleep($1)"};
inline constexpr Query kBackend{"test.backend", "SELECT pg_backend_pid()"};
inline constexpr Query kLose{"test.lose", "SELECT lose($1, $2)"};

// Counts what the observer is told.
class CountingObserver final : public Observer {
 public:
  void OnQuery(std::string_view, absl::Duration) override { ++queries; }
  void OnRetry(std::string_view) override {
    ++retries;
    if (on_retry) on_retry();
  }
  void OnRepeatedRequest(std::string_view) override { ++repeats; }
  std::function<void()> on_retry;
  std::atomic<int> queries{0};
  std::atomic<int> retries{0};
  std::atomic<int> repeats{0};
};

class PgTest : public ::testing::Test {
 protected:
  explicit PgTest(int pool_size = 4, std::string server = "")
      : database_(ThingMigrations(), std::move(server)),
        pool_({.conninfo = database_.conninfo(),
               .size = pool_size,
               .wait = absl::Milliseconds(100),
               .observer = &observer_}),
        db_(pool_, clock_) {}

  absl::Status Insert(const Caller& caller, std::string_view id, std::string_view title = "t") {
    return db_.Write(caller, "things.insert", [&](WriteTransaction& tx) -> absl::Status {
      tx.Exec(kInsertThing, caller.tenant, id, title);
      return absl::OkStatus();
    });
  }

  absl::StatusOr<std::int64_t> Count(const Caller& caller) {
    return db_.Read(caller, "things.count", [&](Transaction& tx) -> absl::StatusOr<std::int64_t> {
      return tx.Exec(kCountAll)[0][0].as<std::int64_t>();
    });
  }

  absl::StatusOr<int> Backend() {
    return db_.Read(caller_, "test.backend", [&](Transaction& tx) -> absl::StatusOr<int> {
      return tx.Exec(kBackend)[0][0].as<int>();
    });
  }

  // As superuser, past everything.
  pqxx::result Superuser(const std::string& sql) {
    pqxx::connection connection(database_.superuser_conninfo());
    return pqxx::nontransaction(connection).exec(sql);
  }

  testing::FakeClock clock_;
  CountingObserver observer_;
  testing::TestDatabase database_;
  Pool pool_;
  Database db_;
  Caller caller_ = testing::MakeCaller("smi");
};

MATCHER_P2(IsError, code, reason, "") {
  const absl::Status& status = arg;
  *result_listener << status;
  return status.code() == code && error::ReasonOf(status) == reason;
}

}  // namespace sockel::pg
