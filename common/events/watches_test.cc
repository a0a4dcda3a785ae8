#include "common/events/watches.h"

#include <thread>

#include "absl/strings/match.h"
#include "absl/synchronization/notification.h"
#include "common/error/error.h"
#include "common/events/watches_fixture.h"

namespace sockel::events {
namespace {

using v1::WatchEventsRequest;

using Types = std::vector<std::string>;

class WatchesTest : public WatchesFixture {
 protected:
  // Runs `meanwhile` while a transaction that began earlier is still open; it
  // emits `late` and commits afterwards.
  template <typename Fn>
  void WithLateCommit(const std::string& late, Fn&& meanwhile) {
    absl::Notification opened;
    absl::Notification go_on;
    std::thread writer([&] {
      EXPECT_TRUE(
          db_.Write(testing::MakeCaller("smi"), "test.late",
                    [&](pg::WriteTransaction& tx) {
                      static constexpr pg::Query kXid{"test_xid", "SELECT pg_current_xact_id()"};
                      tx.Exec(kXid);
                      opened.Notify();
                      go_on.WaitForNotification();
                      events::Emit(tx, {.type = late, .resource = "tenants/smi/late"});
                      return absl::OkStatus();
                    })
              .ok());
    });
    opened.WaitForNotification();
    meanwhile();
    go_on.Notify();
    writer.join();
  }
};

TEST_F(WatchesTest, GivesEventsInTheOrderTheyHappened) {
  Emit("a");
  Emit("b");
  Emit("c");
  Reader reader(watches_, From(""));
  EXPECT_EQ(reader.Types(), (Types{"a", "b", "c"}));
}

TEST_F(WatchesTest, AnEventSaysWhatHappened) {
  const Caller caller = testing::MakeCaller("smi");
  ASSERT_TRUE(db_.Write(caller, "test.emit",
                        [&](pg::WriteTransaction& tx) {
                          events::Emit(tx, {.type = "efile.dossier.closed",
                                            .resource = "tenants/smi/dossiers/d1",
                                            .attributes = {{"reference", "413/1 \"ä\""}}});
                          return absl::OkStatus();
                        })
                  .ok());
  Reader reader(watches_, From(""));
  const v1::Event event = reader.Await().event();
  EXPECT_EQ(event.type(), "efile.dossier.closed");
  EXPECT_EQ(event.resource(), "tenants/smi/dossiers/d1");
  EXPECT_EQ(event.actor(), caller.subject);
  EXPECT_EQ(event.attributes().at("reference"), "413/1 \"ä\"");
  EXPECT_EQ(event.time().seconds(), absl::ToUnixSeconds(clock_.Now()));
}

TEST_F(WatchesTest, ManyAtOnceKeepTheirOrderAndTheirTenants) {
  ASSERT_TRUE(db_.Write(Caller::System("*"), "test.emit_all",
                        [&](pg::WriteTransaction& tx) {
                          events::EmitAll(tx, {{.type = "z", .resource = "tenants/smi/x"},
                                               {.type = "other", .resource = "tenants/other/x"},
                                               {.type = "a",
                                                .resource = "tenants/smi/y",
                                                .attributes = {{"key", "\"ä\""}}}});
                          events::EmitAll(tx, {});
                          return absl::OkStatus();
                        })
                  .ok());
  Reader reader(watches_, From(""));
  EXPECT_EQ(reader.Await().event().type(), "z");
  const v1::Event second = reader.Await().event();
  EXPECT_EQ(second.type(), "a");
  EXPECT_EQ(second.attributes().at("key"), "\"ä\"");
  EXPECT_EQ(reader.Types(), Types{});
}

TEST_F(WatchesTest, EventsOfOneTransactionKeepTheirOrder) {
  ASSERT_TRUE(db_.Write(testing::MakeCaller("smi"), "test.emit",
                        [&](pg::WriteTransaction& tx) {
                          for (const char* type : {"z", "a", "m", "b"}) {
                            events::Emit(tx, {.type = type, .resource = "tenants/smi/x"});
                          }
                          return absl::OkStatus();
                        })
                  .ok());
  Reader reader(watches_, From(""));
  EXPECT_EQ(reader.Types(), (Types{"z", "a", "m", "b"}));
}

TEST_F(WatchesTest, ATransactionThatCommitsLateLosesNothing) {
  Reader reader(watches_, From(""));
  Emit("first");
  EXPECT_EQ(reader.Types(), Types{"first"});
  WithLateCommit("late", [&] {
    Emit("quick");
    // Giving out "quick" now would put the reader behind "late".
    EXPECT_EQ(reader.Types(), Types{});
  });
  EXPECT_EQ(reader.Types(), (Types{"late", "quick"}));
}

TEST_F(WatchesTest, AGapIsLookedAtAgainWithoutAnAnnouncement) {
  Reader reader(watches_, From(""));
  std::thread waiting;
  absl::Notification got;
  WithLateCommit("late", [&] {
    Emit("quick");
    waiting = std::thread([&] {
      EXPECT_EQ(reader.Await().event().type(), "late");
      EXPECT_EQ(reader.Await().event().type(), "quick");
      got.Notify();
    });
  });
  got.WaitForNotification();
  waiting.join();
}

TEST_F(WatchesTest, TwoReadersEachGetEverything) {
  Reader one(watches_, From(""));
  Reader two(watches_, From(""));
  Emit("a");
  EXPECT_EQ(one.Types(), Types{"a"});
  Emit("b");
  EXPECT_EQ(one.Types(), Types{"b"});
  EXPECT_EQ(two.Types(), (Types{"a", "b"}));
}

TEST_F(WatchesTest, ResumesBehindTheLastCursor) {
  Emit("a");
  Emit("b");
  std::string cursor;
  {
    Reader reader(watches_, From(""));
    EXPECT_EQ(reader.Await().event().type(), "a");
    cursor = reader.cursor();
  }
  Emit("c");
  Reader again(watches_, From(cursor));
  EXPECT_EQ(again.Types(), (Types{"b", "c"}));
}

TEST_F(WatchesTest, NowMeansOnlyWhatHappensFromNowOn) {
  Emit("before");
  Reader reader(watches_, From("now"));
  const WatchEventsResponse greeting = reader.Await();
  EXPECT_FALSE(greeting.has_event());
  EXPECT_FALSE(greeting.cursor().empty());
  Emit("after");
  EXPECT_EQ(reader.Types(), Types{"after"});
  Reader resumed(watches_, From(greeting.cursor()));
  EXPECT_EQ(resumed.Types(), Types{"after"});
}

TEST_F(WatchesTest, AnAnnouncementWakesAWaitingReader) {
  Watches patient(db_, hub_, clock_, "efile",
                  {.heartbeat = absl::Hours(1), .poll = absl::Hours(1)});
  Reader reader(patient, From(""));
  ASSERT_FALSE(reader.Next().has_value());  // it has looked, and waits
  Emit("a");
  hub_.Announce("smi");
  reader.AwaitWake();
  EXPECT_EQ(reader.Await().event().type(), "a");
}

TEST_F(WatchesTest, OnlyTheTypesAskedForAreGivenAndTheCursorMovesOn) {
  WatchEventsRequest request = From("");
  request.add_types("efile.wanted");
  Reader reader(watches_, request);
  Emit("other");
  Emit("efile.wanted");
  Emit("other");
  EXPECT_EQ(reader.Types(), Types{"efile.wanted"});
  const std::string before = reader.cursor();
  clock_.Advance(absl::Seconds(30));
  const auto heartbeat = reader.Next();
  ASSERT_TRUE(heartbeat.has_value());
  EXPECT_FALSE(heartbeat->has_event());
  EXPECT_NE(heartbeat->cursor(), before);
}

TEST_F(WatchesTest, ASilentStreamShowsThatItLives) {
  Reader reader(watches_, From(""));
  EXPECT_FALSE(reader.Next().has_value());
  clock_.Advance(absl::Seconds(20));
  const auto heartbeat = reader.Next();
  ASSERT_TRUE(heartbeat.has_value());
  EXPECT_FALSE(heartbeat->has_event());
}

TEST_F(WatchesTest, MoreEventsThanAPageComeInOrder) {
  Watches small(db_, hub_, clock_, "efile", {.page = 3});
  Types expected;
  for (int i = 0; i < 10; ++i) {
    expected.push_back("type" + std::to_string(i));
    Emit(expected.back());
  }
  Reader reader(small, From(""));
  EXPECT_EQ(reader.Types(), expected);
}

TEST_F(WatchesTest, ManyUnwantedEventsDoNotKeepAWorkerBusyWithoutASign) {
  Watches small(db_, hub_, clock_, "efile", {.page = 1});
  for (int i = 0; i < 15; ++i) Emit("other");
  WatchEventsRequest request = From("");
  request.add_types("efile.wanted");
  Reader reader(small, request);
  const auto first = reader.Next();
  ASSERT_TRUE(first.has_value());
  EXPECT_FALSE(first->has_event());
  EXPECT_FALSE(first->cursor().empty());
}

TEST_F(WatchesTest, AnotherTenantsEventsAreNotSeen) {
  Emit("theirs", "sms");
  Emit("ours");
  Reader reader(watches_, From(""));
  EXPECT_EQ(reader.Types(), Types{"ours"});
}

TEST_F(WatchesTest, WhatBelongsToAnotherUserIsLeftOut) {
  const std::string own = testing::MakeCaller("smi").subject;
  ASSERT_TRUE(db_.Write(testing::MakeCaller("smi"), "test.emit",
                        [&](pg::WriteTransaction& tx) {
                          events::Emit(tx, {.type = "own", .resource = own + "/inboxItems/1"});
                          events::Emit(tx, {.type = "other", .resource = own + "x/inboxItems/1"});
                          events::Emit(tx, {.type = "user", .resource = own + "x"});
                          return absl::OkStatus();
                        })
                  .ok());
  Reader reader(watches_, From(""));
  EXPECT_EQ(reader.Types(), (Types{"own", "user"}));
}

TEST_F(WatchesTest, ATypeOfAnotherServiceIsRefused) {
  for (const char* type : {"catalog.order.submitted", "efile", "dossier.closed", ""}) {
    WatchEventsRequest request = From("");
    request.add_types("efile.dossier.closed");
    request.add_types(type);
    const absl::Status status = watches_.WatchEvents(testing::MakeCaller("smi"), request).status();
    EXPECT_EQ(error::ReasonOf(status), "FIELD_INVALID") << type;
    EXPECT_TRUE(absl::StrContains(status.ToString(), "types[1]")) << status;
  }
}

}  // namespace
}  // namespace sockel::events
