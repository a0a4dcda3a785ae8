#include "services/notification/mail/mime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"

namespace sockel::notification {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Mail Example() {
  Mail mail;
  mail.message_id = "0190@smi.example";
  mail.from = {"poststelle@smi.example",
               "S\xC3\xA4"
               "chsisches Staatsministerium"};
  mail.to = {"max@example.org", "Muster, Max"};
  mail.subject =
      "Bescheid \xC3\xBC"
      "ber Ihren Antrag";
  mail.text_body = "Sehr geehrter Herr M\xC3\xBCller,\n.\nGru\xC3\x9F\n";
  mail.date = absl::FromUnixSeconds(1'700'000'000);
  return mail;
}

TEST(WriteMimeTest, WritesHeadersByRfc2047) {
  const std::string mime = WriteMime(Example());
  EXPECT_THAT(mime, HasSubstr("Message-Id: <0190@smi.example>\r\n"));
  EXPECT_THAT(mime, HasSubstr("\"Muster, Max\" <max@example.org>"));
  EXPECT_THAT(mime, HasSubstr("Subject: Bescheid =?UTF-8?B?w7xiZXI=?= Ihren Antrag\r\n"));
  EXPECT_THAT(mime, HasSubstr("Auto-Submitted: auto-generated\r\n"));
  EXPECT_THAT(mime, HasSubstr("Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"));
}

TEST(WriteMimeTest, IsSevenBitWithCrlfLineEnds) {
  Mail mail = Example();
  mail.html_body = "<p>M\xC3\xBCller</p>\n" + std::string(5000, 'x');
  const std::string mime = WriteMime(mail);
  char before = ' ';
  for (const char c : mime) {
    ASSERT_GE(c, 0);
    ASSERT_TRUE(c != '\n' || before == '\r');
    before = c;
  }
  for (const auto& line : absl::StrSplit(mime, "\r\n")) EXPECT_LE(line.size(), 998u);
}

TEST(WriteMimeTest, PlainTextAloneIsOnePart) {
  const std::string mime = WriteMime(Example());
  EXPECT_THAT(mime, HasSubstr("Content-Type: text/plain; charset=utf-8"));
  EXPECT_THAT(mime, Not(HasSubstr("multipart")));
  EXPECT_THAT(mime, HasSubstr("M=C3=BCller"));
}

TEST(WriteMimeTest, HtmlComesSecondInAnAlternative) {
  Mail mail = Example();
  mail.html_body = "<p>hi</p>";
  const std::string mime = WriteMime(mail);
  EXPECT_THAT(mime, HasSubstr("Content-Type: multipart/alternative;"));
  EXPECT_LT(mime.find("text/plain"), mime.find("text/html"));
}

// The rules refuse such values; even past them no header can be added.
TEST(WriteMimeTest, LineEndsInASubjectAddNoHeader) {
  Mail mail = Example();
  mail.subject = "x\r\nBcc: all@example.org\r\n\r\nbody";
  mail.to.display_name = "y\r\nX-Evil: 1";
  const std::string mime = WriteMime(mail);
  EXPECT_THAT(mime, Not(HasSubstr("\nBcc:")));
  EXPECT_THAT(mime, Not(HasSubstr("\nX-Evil:")));
}

}  // namespace
}  // namespace sockel::notification
