#include "common/events/announcer.h"

#include "absl/synchronization/notification.h"
#include "common/events/event_store.h"
#include "common/events/testing_fixture.h"
#include "common/events/wake_hub.h"
#include "common/pg/listener.h"

namespace sockel::events {
namespace {

// What the runtime does: forwards signals.
class Forwarder final : public pg::Observer {
 public:
  void OnSignal(std::string_view topic, std::string_view tenant) override {
    if (announcer != nullptr && topic == kSignalTopic) announcer->Announce(std::string(tenant));
  }
  Announcer* announcer = nullptr;
};

class AnnouncerTest : public EventsFixture {};

TEST_F(AnnouncerTest, ACommittedEventWakesWatchersOfItsTenantInAnotherProcess) {
  Forwarder forwarder;
  pg::Pool pool{{.conninfo = database_.conninfo(), .observer = &forwarder}};
  pg::Database db{pool, clock_};
  Announcer announcer(db_, absl::Milliseconds(1));
  forwarder.announcer = &announcer;

  pg::Listener listener(database_.conninfo());  // the other process
  absl::Notification listening;
  absl::Notification told;
  auto subscription = listener.Subscribe(kChannel, [&](std::string_view payload) {
    if (payload.empty() && !listening.HasBeenNotified()) listening.Notify();
    if (payload == "smi" && !told.HasBeenNotified()) told.Notify();
  });
  listening.WaitForNotification();
  ASSERT_TRUE(db.Write(testing::MakeCaller("smi"), "test.emit", [&](pg::WriteTransaction& tx) {
                  events::Emit(tx, {.type = "a.b.c", .resource = "tenants/smi/x"});
                  return absl::OkStatus();
                }).ok());
  told.WaitForNotification();
}

TEST_F(AnnouncerTest, ARolledBackEventTellsNobody) {
  struct Strict final : pg::Observer {
    void OnSignal(std::string_view, std::string_view) override { ADD_FAILURE(); }
  } strict;
  pg::Pool pool{{.conninfo = database_.conninfo(), .observer = &strict}};
  pg::Database db{pool, clock_};
  EXPECT_FALSE(db.Write(testing::MakeCaller("smi"), "test.emit", [&](pg::WriteTransaction& tx) {
                   events::Emit(tx, {.type = "a.b.c", .resource = "tenants/smi/x"});
                   return absl::AbortedError("no");
                 }).ok());
}

}  // namespace
}  // namespace sockel::events
