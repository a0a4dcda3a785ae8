#include "services/notification/config.h"

#include <map>
#include <string>

namespace sockel::notification {
namespace {

// libcurl would take 0 for "no limit".
absl::Duration ReadTimeout(config::Reader& reader, std::string_view key,
                           absl::Duration default_value, std::string_view description) {
  const absl::Duration timeout = reader.Duration(key, default_value, description);
  if (timeout < absl::Milliseconds(1)) reader.Refuse(key, "1ms or more");
  return timeout;
}

SmtpOptions::Security ReadSecurity(config::Reader& reader) {
  static const std::map<std::string, SmtpOptions::Security> kWords = {
      {"starttls", SmtpOptions::Security::kStartTls},
      {"tls", SmtpOptions::Security::kTls},
      {"none", SmtpOptions::Security::kPlain}};
  const auto found = kWords.find(
      reader.String("security", "starttls",
                    "`starttls`, `tls` (from the first byte), or `none` (relay on this machine)"));
  if (found != kWords.end()) return found->second;
  reader.Refuse("security", "`starttls`, `tls` or `none`");
  return SmtpOptions::Security::kStartTls;
}

SmtpOptions ReadSmtp(config::Reader reader) {
  SmtpOptions smtp;
  smtp.host = reader.String("host", "127.0.0.1", "The mail relay");
  smtp.port = static_cast<int>(reader.Int("port", 25, "Its port", {1, 65535}));
  smtp.security = ReadSecurity(reader);
  smtp.ca_file = reader.String("ca_file", "", "Whom to believe; empty = the system's");
  smtp.username = reader.String("username", "", "For authentication; empty = none");
  smtp.password = reader.Secret("password_file", "File with the password");
  smtp.helo_name = reader.String("helo_name", "", "Name in EHLO; empty = the machine's");
  smtp.connect_timeout =
      ReadTimeout(reader, "connect_timeout", absl::Seconds(10), "Longest wait for a connection");
  smtp.send_timeout = ReadTimeout(reader, "send_timeout", absl::Seconds(30),
                                  "Longest time for one mail, without the answer to it");
  smtp.answer_timeout = ReadTimeout(reader, "answer_timeout", absl::Minutes(10),
                                    "Longest wait for the answer to a mail");
  return smtp;
}

WorkerOptions ReadWorker(config::Reader reader, const SmtpOptions& smtp) {
  WorkerOptions worker;
  worker.lanes = static_cast<int>(
      reader.Int("lanes", 8, "Threads that deliver, each with a connection to the relay", {1, 64}));
  DeliveryOptions& delivery = worker.delivery;
  delivery.batch = static_cast<int>(
      reader.Int("batch", 100, "Most deliveries a thread takes at once", {1, 1000}));
  RetryPolicy& retry = delivery.retry;
  retry.first_wait =
      reader.Duration("first_retry", absl::Seconds(30), "Wait after the first failed attempt");
  retry.longest_wait =
      reader.Duration("longest_retry", absl::Hours(1), "Longest wait between two attempts");
  retry.max_attempts = static_cast<int>(
      reader.Int("max_attempts", 40, "Attempts before a failure becomes permanent", {1, 45}));
  worker.poll = reader.Duration("poll", absl::Seconds(1),
                                "How often to look for due deliveries without being woken");
  // A mail is tried at most twice on its way out, and a user looked up within
  // five seconds; the rest is for writing down. While the relay is waited for,
  // the lease is extended.
  delivery.usual_wait = smtp.send_timeout;
  delivery.lease = delivery.time_box + 2 * smtp.send_timeout + absl::Seconds(5) + absl::Seconds(5);
  return worker;
}

}  // namespace

Config ReadConfig(config::Reader reader) {
  Config config;
  config.smtp = ReadSmtp(reader.Section("smtp"));
  config.worker = ReadWorker(reader.Section("delivery"), config.smtp);
  config.fallback_sender.address =
      reader.String("fallback_sender.address", "",
                    "From whom tenants without a sender `default` send; empty = they cannot");
  config.fallback_sender.display_name =
      reader.String("fallback_sender.display_name", "", "The name beside it");
  return config;
}

}  // namespace sockel::notification
