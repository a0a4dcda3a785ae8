#pragma once

#include <functional>
#include <memory>
#include <string>

namespace sockel::notification {

// What a relay made of a mail.
struct RelayAnswer {
  enum class Outcome {
    kAccepted,     // the relay is responsible for it now
    kDeferred,     // 4xx: not now
    kRefused,      // 5xx about this mail or recipient: never
    kUnreachable,  // no connection, no answer in time, or the relay is set up wrongly
    kUnknown,      // the whole mail was sent, but no answer came: it may have arrived
  };

  Outcome outcome = Outcome::kUnreachable;
  // The relay's words or what went wrong, one line, at most 500 bytes.
  std::string detail;
};

// A way to hand mails over. Not thread-safe: each worker thread has its own,
// which keeps its connection open between mails.
class Relay {
 public:
  virtual ~Relay() = default;
  // `mime` as WriteMime() wrote it. Returns within the timeouts configured.
  virtual RelayAnswer Send(const std::string& envelope_from, const std::string& envelope_to,
                           const std::string& mime) = 0;
};

using RelayFactory = std::function<std::unique_ptr<Relay>()>;

}  // namespace sockel::notification
