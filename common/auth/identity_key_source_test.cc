#include "common/auth/identity_key_source.h"

#include <gtest/gtest.h>

#include "common/auth/testing/fake_identity.h"
#include "common/clock/clock.h"
#include "common/testing/fake_clock.h"

namespace sockel::auth {
namespace {

const log::Logger& Quiet() {
  static const log::Logger logger(log::Level::kError, [](std::string_view) {});
  return logger;
}

// Fetches only when told.
IdentityKeySource::Options OnlyOnDemand() {
  IdentityKeySource::Options options;
  options.interval = absl::Hours(1);
  options.retry_interval = absl::Hours(1);
  options.wait = absl::Seconds(10);
  options.least_between = absl::ZeroDuration();
  return options;
}

IdentityKeySource::Options Quick() {
  IdentityKeySource::Options options;
  options.interval = absl::Milliseconds(5);
  options.retry_interval = absl::Milliseconds(5);
  return options;
}

// Asks until it is so; the test's time limit ends a hopeless wait.
template <typename Predicate>
void Until(Predicate predicate) {
  while (!predicate()) std::this_thread::yield();
}

class IdentityKeySourceTest : public ::testing::Test {
 protected:
  const Key a_ = Key::Generate().value();
  const Key b_ = Key::Generate().value();
  FakeIdentity identity_;
  SystemClock clock_;
};

TEST_F(IdentityKeySourceTest, FetchesTheKeysAtStart) {
  identity_.SetKeys({a_, b_});
  IdentityKeySource source(identity_.Channel(), clock_, Quiet(), OnlyOnDemand());
  Until([&] { return source.Ready(); });
  EXPECT_TRUE(source.Find(a_.id()).has_value());
  EXPECT_TRUE(source.Find(b_.id()).has_value());
  EXPECT_FALSE(source.Find("other").has_value());
}

TEST_F(IdentityKeySourceTest, FindsANewKeyAfterARefresh) {
  identity_.SetKeys({a_});
  IdentityKeySource source(identity_.Channel(), clock_, Quiet(), OnlyOnDemand());
  Until([&] { return source.Ready(); });
  identity_.SetKeys({a_, b_});
  Until([&] { return source.Refresh() && source.Find(b_.id()); });
  EXPECT_EQ(source.Generation(), 0u);
}

TEST_F(IdentityKeySourceTest, FollowsWithdrawnKeysByItself) {
  identity_.SetKeys({a_});
  IdentityKeySource source(identity_.Channel(), clock_, Quiet(), Quick());
  Until([&] { return source.Ready(); });
  identity_.SetKeys({b_});
  Until([&] { return source.Find(b_.id()).has_value(); });
  EXPECT_FALSE(source.Find(a_.id()).has_value());
  EXPECT_GT(source.Generation(), 0u);
}

TEST_F(IdentityKeySourceTest, AsksNoMoreOftenThanAllowedHoweverOftenItIsTold) {
  identity_.SetKeys({a_});
  testing::FakeClock clock;
  IdentityKeySource::Options options = OnlyOnDemand();
  options.least_between = absl::Seconds(1);
  IdentityKeySource source(identity_.Channel(), clock, Quiet(), options);
  Until([&] { return source.Ready(); });
  Until([&] { return !source.Refresh(); });  // joined the first fetch at most
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(source.Refresh());
  EXPECT_EQ(identity_.jwks_calls(), 1);
  clock.Advance(absl::Seconds(1));
  EXPECT_TRUE(source.Refresh());
  EXPECT_EQ(identity_.jwks_calls(), 2);
  clock.Advance(-absl::Hours(1));
  EXPECT_TRUE(source.Refresh());
}

TEST_F(IdentityKeySourceTest, KeepsTheLastKeysWhileIdentityIsDown) {
  identity_.SetKeys({a_});
  IdentityKeySource source(identity_.Channel(), clock_, Quiet(), OnlyOnDemand());
  Until([&] { return source.Ready(); });
  identity_.Stop();
  Until([&] { return !source.Refresh(); });
  EXPECT_TRUE(source.Find(a_.id()).has_value());
}

TEST_F(IdentityKeySourceTest, KeepsTheLastKeysWhenIdentityPublishesNone) {
  identity_.SetKeys({a_});
  IdentityKeySource source(identity_.Channel(), clock_, Quiet(), OnlyOnDemand());
  Until([&] { return source.Ready(); });
  identity_.SetKeys({});
  Until([&] { return !source.Refresh(); });
  EXPECT_TRUE(source.Find(a_.id()).has_value());
}

TEST_F(IdentityKeySourceTest, IsReadyOnceIdentityComesUp) {
  identity_.SetKeys({a_});
  identity_.Stop();
  IdentityKeySource source(identity_.Channel(), clock_, Quiet(), Quick());
  EXPECT_FALSE(source.Ready());
  identity_.Start();
  Until([&] { return source.Ready(); });
}

}  // namespace
}  // namespace sockel::auth
