#include "common/events/purger.h"

#include "absl/time/clock.h"
#include "common/events/event_store.h"
#include "common/events/testing_fixture.h"

namespace sockel::events {
namespace {

class PurgerTest : public EventsFixture {
 protected:
  std::vector<std::string> Types(const std::string& tenant) {
    std::vector<std::string> types;
    const Caller caller = testing::MakeCaller(tenant);
    const absl::Status status = db_.Read(caller, "test.read", [&](pg::Transaction& tx) {
      for (const StoredEvent& stored : ReadAfter(tx, {}, 100).events) {
        types.push_back(stored.event.type());
      }
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return types;
  }

  // Events and recorded answers of all tenants.
  int Left() {
    static constexpr pg::Query kCount{
        "test.count",
        "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM idempotency_keys) AS n"};
    const absl::StatusOr<int> left =
        db_.Read(Caller::System("*"), "test.count", [](pg::Transaction& tx) -> absl::StatusOr<int> {
          return tx.Exec(kCount)[0]["n"].as<int>();
        });
    EXPECT_TRUE(left.ok()) << left.status();
    return left.value_or(-1);
  }
};

TEST_F(PurgerTest, DeletesWhatIsTooOldOfEveryTenantAndNothingElse) {
  Emit("old.1");
  Emit("old.2", "sms");
  clock_.Advance(absl::Hours(2));
  Emit("new.1");
  Emit("new.2", "sms");
  const auto purged = PurgeOnce(db_, clock_, absl::Hours(1));
  ASSERT_TRUE(purged.ok()) << purged.status();
  EXPECT_EQ(*purged, 2);
  EXPECT_EQ(Types("smi"), std::vector<std::string>{"new.1"});
  EXPECT_EQ(Types("sms"), std::vector<std::string>{"new.2"});
  EXPECT_EQ(*PurgeOnce(db_, clock_, absl::Hours(1)), 0);
}

// More answers than a batch: it goes on until all are gone.
TEST_F(PurgerTest, ItsThreadDeletesAllOldEventsAndRecordedAnswers) {
  Emit("old");
  static constexpr pg::Query kInsert{
      "test.insert",
      "INSERT INTO idempotency_keys (tenant_id, subject, request_id, method, request_hash,"
      "  response, create_time) "
      "SELECT 'smi', 's', gen_random_uuid(), 'm', '', '', $1 FROM generate_series(1, 2500)"};
  const absl::Status inserted =
      db_.Write(testing::MakeCaller("smi"), "test.insert", [&](pg::WriteTransaction& tx) {
        tx.Exec(kInsert, tx.time());
        return absl::OkStatus();
      });
  ASSERT_TRUE(inserted.ok()) << inserted;
  ASSERT_EQ(Left(), 2501);
  clock_.Advance(absl::Hours(26));
  const Purger purger(db_, clock_, absl::Hours(1), absl::Hours(1));
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (Left() > 0 && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(10));
  EXPECT_EQ(Left(), 0);
}

}  // namespace
}  // namespace sockel::events
