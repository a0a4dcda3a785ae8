#include "services/notification/mail/address.h"

#include <gtest/gtest.h>

#include <string>

namespace sockel::notification {
namespace {

TEST(IsOneLineTest, RefusesEveryKindOfLineEnd) {
  EXPECT_TRUE(
      IsOneLine("Gr\xC3\xBC\xC3\x9F"
                "e, \xE2\x82\xAC 5"));
  for (const char* bad : {"a\nb", "a\rb",
                          "a\x0B"
                          "b",
                          "a\xC2\x85"
                          "b",
                          "a\xE2\x80\xA8"
                          "b",
                          "a\xE2\x80\xA9"
                          "b",
                          "a\x7F", "a\tb"}) {
    EXPECT_FALSE(IsOneLine(bad)) << bad;
  }
}

TEST(IsPlainTextTest, AllowsLinesAndTabsOnly) {
  EXPECT_TRUE(IsPlainText("a\r\n\tb\n"));
  EXPECT_FALSE(IsPlainText("a\x1B[31m"));
}

TEST(ToOneLineTest, KeepsWordsAndReplacesWhatNoDatabaseTakes) {
  EXPECT_EQ(ToOneLine("550 5.1.1 Gr\xC3\xBC\xC3\x9F Gott \xF0\x9F\x93\xA7", 500),
            "550 5.1.1 Gr\xC3\xBC\xC3\x9F Gott \xF0\x9F\x93\xA7");
  EXPECT_EQ(ToOneLine("Empf\xE4nger", 500), "Empf?nger");
  EXPECT_EQ(ToOneLine(std::string("a\0b\tc\r\nd", 8), 500), "a?b?c??d");
  EXPECT_EQ(ToOneLine("\xE2\x82", 500), "??");
}

TEST(ToOneLineTest, CutsBetweenCharacters) {
  EXPECT_EQ(ToOneLine("ab\xE2\x82\xAC", 5), "ab\xE2\x82\xAC");
  EXPECT_EQ(ToOneLine("ab\xE2\x82\xAC", 4), "ab");
  EXPECT_EQ(ToOneLine(std::string(600, 'x'), 500), std::string(500, 'x'));
}

}  // namespace
}  // namespace sockel::notification
