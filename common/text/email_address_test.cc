#include "common/text/email_address.h"

#include <gtest/gtest.h>

#include <string>

namespace sockel::text {
namespace {

TEST(IsEmailAddressTest, TakesWhatMailCanBeSentTo) {
  for (const char* good : {"max@example.org", "max.muster+tag@sub.example.org", "o'neil@x.de",
                           "admin@localhost", "a@1.example"}) {
    EXPECT_TRUE(IsEmailAddress(good)) << good;
  }
}

TEST(IsEmailAddressTest, RefusesWhatCouldEndALineOrACommand) {
  for (const char* bad :
       {"", "max", "@example.org", "max@", "max@example.org\r\nBcc: all@example.org",
        "max@example.org\n", "max example@x.org", "<max@example.org>", "max@example..org",
        "max@-example.org", "m\xC3\xBCller@example.org", "max@example.org,eva@example.org",
        "max@example.org>\r\nRCPT TO:<x@y.z", "\"a b\"@example.org", "max@ex\tample.org"}) {
    EXPECT_FALSE(IsEmailAddress(bad)) << bad;
  }
  EXPECT_FALSE(IsEmailAddress(std::string("max@example.org\0", 16)));
  EXPECT_FALSE(IsEmailAddress(std::string(65, 'a') + "@example.org"));
  std::string long_domain = "a@b";
  for (int i = 0; i < 50; ++i) long_domain.append(".abcde");
  EXPECT_FALSE(IsEmailAddress(long_domain));
}

}  // namespace
}  // namespace sockel::text
