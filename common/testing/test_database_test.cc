#include "common/testing/test_database.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string_view>
#include <vector>

namespace sockel::testing {
namespace {

// `sql`: a constant.
std::vector<pg::Migration> With(std::string_view sql) {
  std::vector<pg::Migration> migrations = pg::CommonMigrations();
  migrations.push_back({"things/0001_things.sql", sql});
  return migrations;
}

TEST(TestDatabaseTest, RefusesATableThatKeepsTenantsApartForNobody) {
  EXPECT_THROW(TestDatabase(With("CREATE TABLE open (tenant_id text PRIMARY KEY)")),
               std::runtime_error);
}

TEST(TestDatabaseTest, RefusesATableThatItsOwnerSeesWhole) {
  EXPECT_THROW(TestDatabase(With("CREATE TABLE open (tenant_id text PRIMARY KEY);"
                                 "ALTER TABLE open ENABLE ROW LEVEL SECURITY")),
               std::runtime_error);
}

TEST(TestDatabaseTest, TakesProtectedTablesAndThoseWithoutTenants) {
  EXPECT_NO_THROW(
      TestDatabase(With("CREATE TABLE safe (tenant_id text PRIMARY KEY);"
                        "SELECT sockel_protect('safe');"
                        "CREATE TABLE numbers (number bigint PRIMARY KEY)")));
}

}  // namespace
}  // namespace sockel::testing
