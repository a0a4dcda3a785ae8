#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "common/events/events.h"
#include "common/testing/callers.h"
#include "common/testing/fake_clock.h"
#include "common/testing/test_database.h"

// What the tests of this folder share.
namespace sockel::events {

inline std::vector<pg::Migration> AllMigrations() {
  std::vector<pg::Migration> all = pg::CommonMigrations();
  for (auto& migration : Migrations()) all.push_back(std::move(migration));
  return all;
}

class EventsFixture : public ::testing::Test {
 protected:
  void Emit(const std::string& type, const std::string& tenant = "smi") {
    const absl::Status status =
        db_.Write(testing::MakeCaller(tenant), "test.emit", [&](pg::WriteTransaction& tx) {
          events::Emit(tx, {.type = type, .resource = "tenants/" + tenant + "/dossiers/d1"});
          return absl::OkStatus();
        });
    ASSERT_TRUE(status.ok()) << status;
  }

  testing::TestDatabase database_{AllMigrations()};
  testing::FakeClock clock_;
  pg::Pool pool_{{.conninfo = database_.conninfo()}};
  pg::Database db_{pool_, clock_};
};

}  // namespace sockel::events
