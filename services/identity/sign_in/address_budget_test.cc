#include "services/identity/sign_in/address_budget.h"

#include <gtest/gtest.h>

#include "common/error/error.h"
#include "common/testing/fake_clock.h"

namespace sockel::identity {
namespace {

class AddressBudgetTest : public ::testing::Test {
 protected:
  void Fail(const std::string& address, int times) {
    for (int i = 0; i < times; ++i) budget_.RecordFailure(address);
  }
  testing::FakeClock clock_;
  AddressBudget budget_{{.failures = 3, .refill = absl::Seconds(10), .addresses = 4}, clock_};
};

TEST_F(AddressBudgetTest, RefusesAfterTheLastAllowedFailure) {
  Fail("192.0.2.1", 2);
  EXPECT_TRUE(budget_.Check("192.0.2.1").ok());
  Fail("192.0.2.1", 1);
  const absl::Status status = budget_.Check("192.0.2.1");
  EXPECT_EQ(error::ReasonOf(status), "TOO_MANY_ATTEMPTS");
  EXPECT_EQ(error::RetryAfterOf(status), absl::Seconds(10));
}

TEST_F(AddressBudgetTest, RefillsWithTime) {
  Fail("192.0.2.1", 3);
  clock_.Advance(absl::Seconds(10));
  EXPECT_TRUE(budget_.Check("192.0.2.1").ok());
  Fail("192.0.2.1", 1);
  EXPECT_FALSE(budget_.Check("192.0.2.1").ok());
}

TEST_F(AddressBudgetTest, LeavesOthersAlone) {
  Fail("192.0.2.1", 50);
  EXPECT_TRUE(budget_.Check("192.0.2.2").ok());
}

TEST_F(AddressBudgetTest, CountsOneIpv6NetworkAsOneAddress) {
  Fail("2001:db8:1:2::1", 2);
  Fail("2001:db8:1:2:ffff::9", 1);
  EXPECT_FALSE(budget_.Check("2001:db8:1:2:3:4:5:6").ok());
  EXPECT_TRUE(budget_.Check("2001:db8:1:3::1").ok());
}

TEST_F(AddressBudgetTest, KnowsAnAddressInEachOfTheWaysThatGrpcWritesIt) {
  Fail("ipv6:%5B2001:db8:1:2::1%5D", 1);
  Fail("ipv6:[2001:db8:1:2::2]", 1);
  Fail("ipv6:%5B2001:db8:1:2::3%25eth0%5D", 1);
  EXPECT_FALSE(budget_.Check("ipv6:%5B2001:db8:1:2:ffff::9%5D").ok());
  EXPECT_FALSE(budget_.Check("2001:db8:1:2::4").ok());
  EXPECT_TRUE(budget_.Check("ipv6:%5B2001:db8:1:3::1%5D").ok());
  Fail("ipv4:192.0.2.1", 3);
  EXPECT_FALSE(budget_.Check("192.0.2.1").ok());
  EXPECT_TRUE(budget_.Check("ipv4:192.0.2.2").ok());
}

// One failure in a quarter of an hour keeps a login blocked.
TEST(AddressBudgetDefaultsTest, LetAnAddressKeepFewLoginsBlocked) {
  constexpr absl::Duration kLongestBlock = absl::Minutes(15);
  testing::FakeClock clock;
  AddressBudget budget({}, clock);
  int failures = 0;
  const auto fail_while_allowed = [&](absl::Duration time) {
    for (absl::Duration passed; passed < time; passed += absl::Seconds(1)) {
      clock.Advance(absl::Seconds(1));
      for (; budget.Check("192.0.2.1").ok(); ++failures) budget.RecordFailure("192.0.2.1");
    }
  };
  fail_while_allowed(kLongestBlock);
  EXPECT_GE(failures, 100) << "a ministry behind one address mistypes passwords, too";
  failures = 0;
  fail_while_allowed(kLongestBlock);
  EXPECT_LE(failures, 30);
}

TEST_F(AddressBudgetTest, RemembersNoMoreAddressesThanItMay) {
  for (int i = 0; i < 1000; ++i) budget_.RecordFailure("192.0.2." + std::to_string(i));
  Fail("198.51.100.7", 3);
  EXPECT_FALSE(budget_.Check("198.51.100.7").ok());
}

}  // namespace
}  // namespace sockel::identity
