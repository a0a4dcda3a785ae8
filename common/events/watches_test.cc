#include "common/events/watches.h"

#include <optional>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/error/error.h"
#include "common/events/position.h"
#include "common/events/purger.h"
#include "common/events/testing_fixture.h"

namespace sockel::events {
namespace {

using v1::WatchEventsRequest;
using v1::WatchEventsResponse;

// A watch as a client sees it.
class Reader {
 public:
  Reader(Watches& watches, const WatchEventsRequest& request, const std::string& tenant = "smi") {
    auto source = watches.WatchEvents(testing::MakeCaller(tenant), request);
    EXPECT_TRUE(source.ok()) << source.status();
    source_ = *std::move(source);
  }

  // The next answer, or nothing when the stream would wait.
  std::optional<WatchEventsResponse> Next() {
    woken_ = std::make_shared<absl::Notification>();
    WatchEventsResponse out;
    auto pull = source_->Next(out, [woken = woken_] { woken->Notify(); });
    EXPECT_TRUE(pull.ok()) << pull.status();
    if (!pull.ok() || *pull != rpc::Pull::kMessage) return std::nullopt;
    cursor_ = out.cursor();
    return out;
  }

  // The next answer, waiting as the dispatcher does.
  WatchEventsResponse Await() {
    while (true) {
      if (auto out = Next()) return *out;
      woken_->WaitForNotification();
    }
  }

  // After Next() gave nothing.
  void AwaitWake() { woken_->WaitForNotification(); }

  // Types of the events there are now.
  std::vector<std::string> Types() {
    std::vector<std::string> types;
    while (true) {
      auto out = Next();
      if (!out.has_value()) return types;
      if (out->has_event()) types.push_back(out->event().type());
    }
  }

  const std::string& cursor() const { return cursor_; }

 private:
  std::shared_ptr<absl::Notification> woken_;
  std::unique_ptr<rpc::Source<WatchEventsResponse>> source_;
  std::string cursor_;
};

using Types = std::vector<std::string>;

class WatchesTest : public EventsFixture {
 protected:
  static WatchEventsRequest From(const std::string& cursor) {
    WatchEventsRequest request;
    request.set_parent("tenants/smi");
    request.set_cursor(cursor);
    return request;
  }

  std::string ReasonOfResuming(const std::string& cursor) {
    return error::ReasonOf(watches_.WatchEvents(testing::MakeCaller("smi"), From(cursor)).status());
  }

  std::string LastCursor() {
    Reader reader(watches_, From(""));
    reader.Types();
    return reader.cursor();
  }
  void AsSuperuser(const std::string& sql) {
    pqxx::connection connection(database_.superuser_conninfo());
    pqxx::nontransaction(connection).exec(sql);
  }

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

  WakeHub hub_;
  Watches watches_{db_, hub_, clock_, "efile", {.poll = absl::Hours(1)}};
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

TEST_F(WatchesTest, ACursorThatThisServiceDidNotGiveOutIsRefused) {
  Watches catalog(db_, hub_, clock_, "catalog", {});
  Emit("a");
  Reader reader(catalog, From(""));
  reader.Await();
  for (const std::string& cursor : {std::string("e1-zz"), reader.cursor()}) {
    EXPECT_EQ(ReasonOfResuming(cursor), "CURSOR_INVALID") << cursor;
  }
}

TEST_F(WatchesTest, ACursorOfEventsThatARestoreTookAwayIsRefusedForEver) {
  Emit("before");
  const std::string good = LastCursor();
  Emit("lost");
  const std::string lost = LastCursor();
  const Mark mark = *FromCursor("efile", lost);
  AsSuperuser("DELETE FROM events WHERE type = 'lost'");
  EXPECT_EQ(ReasonOfResuming(lost), "CURSOR_EXPIRED");
  // The history that comes instead uses the same numbers.
  Emit("instead");
  AsSuperuser(absl::StrCat(
      "INSERT INTO events (tenant_id, xid, seq, event_id, type, resource, time,",
      " actor, attributes) OVERRIDING SYSTEM VALUE SELECT tenant_id, '", mark.position.xid, "', ",
      mark.position.seq, ", gen_random_uuid(), 'in its place', resource, time, actor, attributes ",
      "FROM events WHERE type = 'instead'"));
  EXPECT_EQ(ReasonOfResuming(lost), "CURSOR_EXPIRED");
  Reader reader(watches_, From(good));
  EXPECT_EQ(reader.Types(), (Types{"in its place", "instead"}));
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

class PurgedTest : public WatchesTest {
 protected:
  // Behind the first of these events, read when they were new.
  std::string CursorBehindTheFirst() {
    Reader reader(watches_, From(""));
    reader.Await();
    return reader.cursor();
  }
  void PurgeAllOlderThanAnHour() {
    while (*PurgeOnce(db_, clock_, absl::Hours(1)) > 0) continue;
  }
};

TEST_F(PurgedTest, WhoWouldMissADeletedEventIsTold) {
  Emit("a");
  const std::string cursor = CursorBehindTheFirst();
  Emit("b");
  clock_.Advance(absl::Hours(2));
  Emit("c");
  PurgeAllOlderThanAnHour();
  EXPECT_EQ(ReasonOfResuming(cursor), "CURSOR_EXPIRED");
  Reader reader(watches_, From(""));
  EXPECT_EQ(reader.Types(), Types{"c"});
}

// Whoever begins where nothing is kept any more is told where that is.
TEST_F(PurgedTest, ASignOfLifeFromAnEmptiedLogCanBeResumed) {
  Emit("a");
  clock_.Advance(absl::Hours(2));
  PurgeAllOlderThanAnHour();
  for (const char* begin : {"", "now"}) {
    Reader reader(watches_, From(begin));
    if (*begin == '\0') {
      EXPECT_FALSE(reader.Next().has_value());
      clock_.Advance(absl::Seconds(30));
    }
    const auto sign = reader.Next();
    ASSERT_TRUE(sign.has_value());
    EXPECT_EQ(ReasonOfResuming(sign->cursor()), "") << sign->cursor();
  }
}

TEST_F(PurgedTest, WhoMissesNothingResumes) {
  Emit("a");
  const std::string cursor = CursorBehindTheFirst();
  clock_.Advance(absl::Hours(2));
  PurgeAllOlderThanAnHour();
  Emit("b");
  Reader reader(watches_, From(cursor));
  EXPECT_EQ(reader.Types(), Types{"b"});
}

TEST_F(PurgedTest, AnotherTenantsDeletedEventsAreNoneOfOurs) {
  Emit("a");
  const std::string cursor = CursorBehindTheFirst();
  Emit("theirs", "sms");
  clock_.Advance(absl::Hours(2));
  PurgeAllOlderThanAnHour();
  EXPECT_EQ(ReasonOfResuming(cursor), "");
}

}  // namespace
}  // namespace sockel::events
