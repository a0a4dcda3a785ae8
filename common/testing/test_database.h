#pragma once

#include <string>
#include <vector>

#include "common/pg/migrate.h"

namespace sockel::testing {

// A database of its own for one test, with these migrations applied: cloned
// from a template that is migrated once per set of migrations and server.
// Dropped when destroyed. Migrations that leave a table of tenants' rows without
// forced row-level security are refused: std::runtime_error.
//
//   testing::TestDatabase database_{Migrations()};
//   pg::Pool pool_{{.conninfo = database_.conninfo()}};
//   pg::Database db_{pool_, clock_};
class TestDatabase {
 public:
  // `server`: superuser's connection string; empty for SharedServer().
  explicit TestDatabase(const std::vector<pg::Migration>& migrations, std::string server = "");
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  // As the runtime role: bound by row-level security, owns nothing.
  std::string conninfo() const;
  // As the owner of the schema.
  std::string owner_conninfo() const;
  // As superuser: sees everything; for tampering.
  std::string superuser_conninfo() const;

  // Waits until so many statements on it wait for a lock; a failure of the test
  // when they do not.
  void AwaitBlocked(int statements = 1) const;

  const std::string& name() const { return name_; }

  static constexpr char kOwnerRole[] = "sockel_test_owner";
  static constexpr char kRuntimeRole[] = "sockel_test";

 private:
  std::string server_;
  std::string name_;
};

}  // namespace sockel::testing
