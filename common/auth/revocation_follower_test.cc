#include "common/auth/revocation_follower.h"

#include <gtest/gtest.h>

#include "common/auth/testing/fake_identity.h"
#include "common/clock/clock.h"
#include "common/trace/traceparent.h"

namespace sockel::auth {
namespace {

const log::Logger& Quiet() {
  static const log::Logger logger(log::Level::kError, [](std::string_view) {});
  return logger;
}

RevocationFollower::Options Quick() {
  return {absl::Milliseconds(300), absl::Milliseconds(5), absl::Milliseconds(20)};
}

// Asks until it is so; the test's time limit ends a hopeless wait.
template <typename Predicate>
void Until(Predicate predicate) {
  while (!predicate()) std::this_thread::yield();
}

class RevocationFollowerTest : public ::testing::Test {
 protected:
  RevocationFollower::Connect Connect() {
    return [this] { return identity_.Channel(); };
  }
  bool IsRevoked(const std::string& subject) const {
    Claims claims;
    claims.principal.subject = subject;
    claims.principal.tenant = "smi";
    claims.principal.issue_time = absl::Now() - absl::Minutes(1);
    return list_.IsRevoked(claims.principal);
  }

  FakeIdentity identity_;
  RevocationList list_;
  SystemClock clock_;
};

TEST_F(RevocationFollowerTest, LearnsWhatWasRevokedBeforeAndAfterItStarted) {
  identity_.Revoke("tenants/smi/users/a", absl::Now());
  RevocationFollower follower(Connect(), list_, clock_, Quiet());
  Until([&] { return follower.CaughtUp(); });
  EXPECT_TRUE(IsRevoked("tenants/smi/users/a"));
  EXPECT_FALSE(IsRevoked("tenants/smi/users/b"));
  identity_.Revoke("tenants/smi/users/b", absl::Now());
  Until([&] { return IsRevoked("tenants/smi/users/b"); });
}

TEST_F(RevocationFollowerTest, ResumesFromItsCursorAfterADisconnect) {
  identity_.Revoke("tenants/smi/users/a", absl::Now());
  RevocationFollower follower(Connect(), list_, clock_, Quiet(), Quick());
  Until([&] { return follower.CaughtUp(); });
  identity_.Stop();
  identity_.Revoke("tenants/smi/users/b", absl::Now());
  EXPECT_TRUE(IsRevoked("tenants/smi/users/a"));
  identity_.Start();
  Until([&] { return IsRevoked("tenants/smi/users/b"); });
  EXPECT_EQ(identity_.cursors().front(), "");
  EXPECT_EQ(identity_.cursors().back(), "1");
}

TEST_F(RevocationFollowerTest, LeavesASilentConnectionForANewOne) {
  RevocationFollower follower(Connect(), list_, clock_, Quiet(), Quick());
  Until([&] { return follower.CaughtUp(); });
  identity_.FallSilent();
  Until([&] { return identity_.cursors().size() >= 2; });
  identity_.Revoke("tenants/smi/users/a", absl::Now());
  identity_.SpeakAgain();
  Until([&] { return IsRevoked("tenants/smi/users/a"); });
  EXPECT_NE(identity_.followers().front(), identity_.followers().back());
}

TEST_F(RevocationFollowerTest, KeepsItsConnectionWhenOnlyTheStreamEnds) {
  RevocationFollower follower(Connect(), list_, clock_, Quiet());
  Until([&] { return follower.CaughtUp(); });
  identity_.EndStreams();
  Until([&] { return identity_.followers().size() >= 2; });
  EXPECT_EQ(identity_.followers().front(), identity_.followers().back());
}

TEST_F(RevocationFollowerTest, StartsATraceForEachStream) {
  RevocationFollower follower(Connect(), list_, clock_, Quiet());
  Until([&] { return follower.CaughtUp(); });
  identity_.EndStreams();
  Until([&] { return identity_.traceparents().size() >= 2; });
  const std::vector<std::string> seen = identity_.traceparents();
  EXPECT_TRUE(trace::Parse(seen[0]).has_value()) << seen[0];
  EXPECT_TRUE(trace::Parse(seen[1]).has_value()) << seen[1];
  EXPECT_NE(seen[0], seen[1]);
}

TEST_F(RevocationFollowerTest, TellsForHowLongItHasHeardNothing) {
  RevocationFollower follower(Connect(), list_, clock_, Quiet(), Quick());
  Until([&] { return follower.CaughtUp(); });
  identity_.Stop();
  const absl::Duration silent = absl::Milliseconds(200);  // a sign of life comes every 50
  Until([&] { return follower.Age() > silent; });
  identity_.Start();
  Until([&] { return follower.Age() < silent; });
}

TEST_F(RevocationFollowerTest, StartsAndStopsWhileIdentityIsDown) {
  identity_.Stop();
  RevocationFollower follower(Connect(), list_, clock_, Quiet(), Quick());
  EXPECT_FALSE(follower.CaughtUp());
}

}  // namespace
}  // namespace sockel::auth
