#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace sockel::notification::testing {

// A mail as the sink received it.
struct ReceivedMail {
  std::string envelope_from;
  std::string envelope_to;
  std::string data;  // headers and body; 7-bit

  // Value of the first header of that name, unfolded; empty when absent.
  std::string Header(const std::string& name) const;
};

// A real SMTP server (aiosmtpd) in a process of its own, on a port that the
// system chose. It answers by what the recipient's address begins with:
//   refuse-…   550 at RCPT
//   latin-…    550 at RCPT, in Latin-1 and longer than a detail may be
//   defer-…    451 at RCPT
//   reject-…   554 after the data
//   slow-…     250 two seconds after the data
//   hang-…     nothing, after the data
//   vanish-…   closes the connection after the data, without an answer
//   anything else: 250, and the mail is kept
// With `mute-` anywhere in it, QUIT is not answered.
class SmtpSink {
 public:
  enum class Mood {
    kFriendly,
    kTurnsAway,    // 554 instead of a greeting
    kKnowsNobody,  // 550 to EHLO and HELO
  };

  explicit SmtpSink(Mood mood = Mood::kFriendly);
  ~SmtpSink();
  SmtpSink(const SmtpSink&) = delete;
  SmtpSink& operator=(const SmtpSink&) = delete;

  int port() const { return port_; }
  // All mails taken so far, in order; those whose answer is late or missing
  // included.
  std::vector<ReceivedMail> Mails() const;
  // Connections accepted so far.
  int Connections() const;

 private:
  std::string folder_;
  pid_t process_ = -1;
  int port_ = 0;
};

}  // namespace sockel::notification::testing
