#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "services/notification/mail/relay.h"

namespace sockel::notification {

struct SmtpOptions {
  enum class Security {
    kPlain,     // no encryption: only for a relay on the same machine
    kStartTls,  // STARTTLS required (RFC 3207)
    kTls,       // TLS from the first byte (RFC 8314)
  };

  std::string host = "127.0.0.1";
  int port = 25;
  Security security = Security::kStartTls;
  // Certificates that the relay's must descend from; empty = the system's.
  std::string ca_file;
  // Empty = no authentication.
  std::string username;
  std::string password;
  // What we call ourselves in EHLO; empty = the machine's name.
  std::string helo_name;
  absl::Duration connect_timeout = absl::Seconds(10);
  // From the first command of a mail to its last byte; connecting, and saying
  // QUIT to a relay that refused it, included.
  absl::Duration send_timeout = absl::Seconds(60);
  // From the last byte of a mail to the answer. Relays that look into mails
  // take their time for it, and whoever does not wait sends twice: RFC 5321
  // 4.5.3.2.6 asks for ten minutes.
  absl::Duration answer_timeout = absl::Minutes(10);
};

// Submits mail by SMTP (RFC 5321) with libcurl, over one connection that stays
// open between mails and is renewed when the relay closed it.
class SmtpRelay final : public Relay {
 public:
  explicit SmtpRelay(const SmtpOptions& options);
  // Says QUIT without waiting for the answer.
  ~SmtpRelay() override;
  RelayAnswer Send(const std::string& envelope_from, const std::string& envelope_to,
                   const std::string& mime, const Patience& patience) override;

 private:
  class Connection;
  std::unique_ptr<Connection> connection_;
};

}  // namespace sockel::notification
