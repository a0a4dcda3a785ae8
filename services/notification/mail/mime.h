#pragma once

#include <string>

#include "absl/time/time.h"

namespace sockel::notification {

struct MailAddress {
  std::string address;       // passed IsEmailAddress()
  std::string display_name;  // passed IsOneLine(); may be empty
};

// One mail to one recipient, before it is written as MIME.
struct Mail {
  std::string message_id;  // without angle brackets
  MailAddress from;
  std::string reply_to;  // may be empty
  MailAddress to;
  std::string subject;    // passed IsOneLine()
  std::string text_body;  // UTF-8
  std::string html_body;  // empty = plain text only
  absl::Time date;
  bool urgent = false;  // asks mail programs to show it as important
};

// The mail as RFC 5322/2045 text with CRLF line ends and 7-bit content: plain
// text, or multipart/alternative with the HTML second. Headers are encoded by
// RFC 2047. Thread-safe.
std::string WriteMime(const Mail& mail);

}  // namespace sockel::notification
