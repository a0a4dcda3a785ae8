#include "absl/strings/str_cat.h"
#include "common/events/position.h"
#include "common/events/purger.h"
#include "common/events/watches_fixture.h"

namespace sockel::events {
namespace {

using Types = std::vector<std::string>;
using ResumeTest = WatchesFixture;

TEST_F(ResumeTest, ACursorThatThisServiceDidNotGiveOutIsRefused) {
  Watches catalog(db_, hub_, clock_, "catalog", {});
  Emit("a");
  Reader reader(catalog, From(""));
  reader.Await();
  for (const std::string& cursor : {std::string("e1-zz"), reader.cursor()}) {
    EXPECT_EQ(ReasonOfResuming(cursor), "CURSOR_INVALID") << cursor;
  }
}

TEST_F(ResumeTest, ACursorOfAnotherTenantIsRefusedWhateverItNames) {
  Emit("ours");
  Emit("theirs", "sms");
  WatchEventsRequest theirs;
  theirs.set_parent("tenants/sms");
  for (const char* begin : {"", "now"}) {
    theirs.set_cursor(begin);
    Reader reader(watches_, theirs, "sms");
    reader.Await();
    EXPECT_EQ(ReasonOfResuming(reader.cursor()), "CURSOR_INVALID") << reader.cursor();
  }
}

TEST_F(ResumeTest, ACursorOfEventsThatARestoreTookAwayIsRefusedForEver) {
  Emit("before");
  const std::string good = LastCursor();
  Emit("lost");
  const std::string lost = LastCursor();
  const Mark mark = *FromCursor({"efile", "smi"}, lost);
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

class PurgedTest : public WatchesFixture {
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
