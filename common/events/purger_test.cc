#include "common/events/purger.h"

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

}  // namespace
}  // namespace sockel::events
