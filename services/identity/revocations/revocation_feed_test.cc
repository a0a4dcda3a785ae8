#include "services/identity/revocations/revocation_feed.h"

#include <map>

#include "services/identity/testing/identity_fixture.h"

namespace sockel::identity {
namespace {

class RevocationFeedTest : public IdentityTest {
 protected:
  void Revoke(const std::string& subject) {
    ASSERT_TRUE(db_.Write(Caller::System("smi"), "test.revoke",
                          [&](pg::WriteTransaction& tx) {
                            revoker_.Revoke(tx, subject);
                            return absl::OkStatus();
                          })
                    .ok());
  }

  std::unique_ptr<rpc::Source<v1::WatchRevocationsResponse>> Watch(const std::string& cursor = "") {
    v1::WatchRevocationsRequest request;
    request.set_cursor(cursor);
    auto source = feed_.Watch(Operator(), request);
    EXPECT_TRUE(source.ok()) << source.status();
    return *std::move(source);
  }

  // Everything until the stream waits; subjects, and the last message.
  std::vector<std::string> Drain(rpc::Source<v1::WatchRevocationsResponse>& source) {
    std::vector<std::string> subjects;
    v1::WatchRevocationsResponse message;
    while (*source.Next(message, [this] { ++woken_; }) == rpc::Pull::kMessage) {
      for (const v1::Revocation& revocation : message.revocations()) {
        subjects.push_back(revocation.subject());
      }
      last_ = message;
    }
    return subjects;
  }

  int woken_ = 0;
  v1::WatchRevocationsResponse last_;
};

TEST_F(RevocationFeedTest, SaysNothingBeforeItKnows) {
  Revoke("tenants/smi/users/a");
  auto source = Watch();
  EXPECT_TRUE(Drain(*source).empty());
  ASSERT_TRUE(feed_.ReadNow().ok());
  EXPECT_EQ(woken_, 1);
  EXPECT_EQ(Drain(*source), std::vector<std::string>{"tenants/smi/users/a"});
  EXPECT_TRUE(last_.caught_up());
}

TEST_F(RevocationFeedTest, SendsEachOnceAndASignOfLifeWithEachReading) {
  auto source = Watch();
  Revoke("tenants/smi/users/a");
  ASSERT_TRUE(feed_.ReadNow().ok());
  EXPECT_EQ(Drain(*source).size(), 1u);
  ASSERT_TRUE(feed_.ReadNow().ok());
  last_.Clear();
  EXPECT_TRUE(Drain(*source).empty());
  EXPECT_NE(last_.cursor(), "");
  EXPECT_EQ(Drain(*source).size(), 0u);
}

TEST_F(RevocationFeedTest, MissesNoneWhoseTransactionCommitsLate) {
  pqxx::connection connection(database_.owner_conninfo());
  pqxx::work late(connection);
  late.exec("SELECT set_config('sockel.tenant', 'smi', true)");
  late.exec(
      "INSERT INTO revocations (tenant_id, revocation_id, subject, revoke_time, expire_time) "
      "VALUES ('smi', 'late', 'tenants/smi/users/late', now(), timestamptz '2100-01-01')");
  auto source = Watch();
  Revoke("tenants/smi/users/early");
  ASSERT_TRUE(feed_.ReadNow().ok());
  EXPECT_EQ(Drain(*source), std::vector<std::string>{"tenants/smi/users/early"});
  const std::string cursor = last_.cursor();
  late.commit();
  ASSERT_TRUE(feed_.ReadNow().ok());
  EXPECT_EQ(Drain(*source), std::vector<std::string>{"tenants/smi/users/late"});

  auto resumed = Watch(cursor);
  const std::vector<std::string> again = Drain(*resumed);
  EXPECT_TRUE(std::count(again.begin(), again.end(), "tenants/smi/users/late")) << "left out";
}

TEST_F(RevocationFeedTest, ALongTransactionElsewhereDelaysNothing) {
  pqxx::connection connection(database_.owner_conninfo());
  pqxx::work idle(connection);
  idle.exec("SELECT pg_current_xact_id()");
  auto source = Watch();
  for (const char* subject : {"tenants/smi/users/a", "tenants/smi/users/b"}) {
    Revoke(subject);
    ASSERT_TRUE(feed_.ReadNow().ok());
    EXPECT_EQ(Drain(*source), std::vector<std::string>{subject});
  }
}

// By the longest lifetime a token may have had, not by today's.
TEST_F(RevocationFeedTest, ForgetsWhatHasExpired) {
  Revoke("tenants/smi/users/a");
  clock_.Advance(absl::Hours(1));
  ASSERT_TRUE(upkeep_.DropExpired().ok());
  ASSERT_TRUE(feed_.ReadNow().ok());
  EXPECT_EQ(revocations_.size(), 1u);
  clock_.Advance(absl::Minutes(2));
  ASSERT_TRUE(upkeep_.DropExpired().ok());
  ASSERT_TRUE(feed_.ReadNow().ok());
  EXPECT_EQ(revocations_.size(), 0u);
  auto source = Watch();
  EXPECT_TRUE(Drain(*source).empty());
}

TEST_F(RevocationFeedTest, SendsManyInSeveralMessages) {
  ASSERT_TRUE(db_.Write(Caller::System("smi"), "test.revoke",
                        [&](pg::WriteTransaction& tx) {
                          for (int i = 0; i < 1200; ++i) {
                            revoker_.Revoke(tx, "tenants/smi/users/u" + std::to_string(i));
                          }
                          return absl::OkStatus();
                        })
                  .ok());
  ASSERT_TRUE(feed_.ReadNow().ok());
  auto source = Watch();
  v1::WatchRevocationsResponse message;
  ASSERT_EQ(*source->Next(message, [] {}), rpc::Pull::kMessage);
  EXPECT_EQ(message.revocations_size(), 500);
  EXPECT_FALSE(message.caught_up());
  EXPECT_EQ(Drain(*source).size(), 700u);
  EXPECT_TRUE(last_.caught_up());
}

TEST_F(RevocationFeedTest, TakesACursorOfAReplicaThatReadLater) {
  ASSERT_TRUE(feed_.ReadNow().ok());
  Revoke("tenants/smi/users/a");
  auth::RevocationList own;
  RevocationFeed other(db_, clock_, own);
  ASSERT_TRUE(other.ReadNow().ok());
  auto source = other.Watch(Operator(), {});
  ASSERT_EQ(Drain(**source).size(), 1u);
  auto resumed = Watch(last_.cursor());
  EXPECT_TRUE(Drain(*resumed).empty()) << "it knows that one";
  EXPECT_TRUE(last_.caught_up());
}

TEST_F(RevocationFeedTest, BeginsAnewForACursorThatIsAheadOfARestoredDatabase) {
  auto source = Watch("1000000000000");
  Revoke("tenants/smi/users/a");
  ASSERT_TRUE(feed_.ReadNow().ok());
  EXPECT_EQ(Drain(*source), std::vector<std::string>{"tenants/smi/users/a"});
  EXPECT_TRUE(last_.caught_up());
}

TEST_F(RevocationFeedTest, KeepsNobodyWaitingWhileTheDatabaseIsAway) {
  pg::Pool nowhere({.conninfo = "host=/nowhere", .size = 1});
  pg::Database away(nowhere, clock_);
  RevocationFeed feed(away, clock_, revocations_);
  auto source = feed.Watch(Operator(), {});
  ASSERT_TRUE(source.ok());
  EXPECT_TRUE(Drain(**source).empty());
  EXPECT_FALSE(feed.ReadNow().ok());
  EXPECT_EQ(woken_, 1);
}

TEST_F(RevocationFeedTest, RefusesInventedCursors) {
  ASSERT_TRUE(feed_.ReadNow().ok());
  for (const char* cursor : {"x", "-1", "18446744073709551615"}) {
    v1::WatchRevocationsRequest request;
    request.set_cursor(cursor);
    EXPECT_EQ(Reason(feed_.Watch(Operator(), request).status()), "CURSOR_INVALID") << cursor;
  }
}

}  // namespace
}  // namespace sockel::identity
