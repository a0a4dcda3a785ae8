#include "common/events/purger.h"

#include <google/protobuf/wrappers.pb.h>

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

TEST_F(PurgerTest, ItsThreadDeletesOldEventsAndRecordedAnswers) {
  using google::protobuf::StringValue;
  const auto answered =
      db_.Write(testing::WithRequestId(testing::MakeCaller("smi")), "test.answer",
                [](pg::WriteTransaction& tx) -> absl::StatusOr<StringValue> {
                  events::Emit(tx, {.type = "old", .resource = "tenants/smi/dossiers/d1"});
                  return StringValue();
                });
  ASSERT_TRUE(answered.ok()) << answered.status();
  ASSERT_EQ(Left(), 2);
  clock_.Advance(absl::Hours(26));
  const Purger purger(db_, clock_, absl::Hours(1), absl::Hours(1));
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (Left() > 0 && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(10));
  EXPECT_EQ(Left(), 0);
}

}  // namespace
}  // namespace sockel::events
