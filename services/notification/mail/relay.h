#pragma once

#include <functional>
#include <memory>
#include <string>

namespace sockel::notification {

// What a relay made of a mail.
struct RelayAnswer {
  enum class Outcome {
    kAccepted,     // the relay is responsible for it now
    kDeferred,     // 4xx about this mail or recipient: not now
    kRefused,      // 5xx about this mail or recipient: never
    kUnreachable,  // no connection, no answer in time, or the relay serves nobody, or not us
    kUnknown,      // the whole mail was sent, but no answer came: it may have arrived
  };

  Outcome outcome = Outcome::kUnreachable;
  // The relay's words or what went wrong: one line of valid UTF-8, at most 500
  // bytes.
  std::string detail;
};

// Asked about once a second while a relay is waited for. False: give up, as if
// the time were over. It may take a while itself; it must not throw.
using Patience = std::function<bool()>;

// A way to hand mails over. Not thread-safe: each worker thread has its own,
// which keeps its connection open between mails.
class Relay {
 public:
  virtual ~Relay() = default;
  // `mime` as WriteMime() wrote it. Returns within the timeouts configured, or
  // soon after `patience` ended.
  virtual RelayAnswer Send(const std::string& envelope_from, const std::string& envelope_to,
                           const std::string& mime, const Patience& patience) = 0;
};

using RelayFactory = std::function<std::unique_ptr<Relay>()>;

}  // namespace sockel::notification
