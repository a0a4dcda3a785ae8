#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace sockel::pg {

// What common/pg tells about its work; the service turns it into metrics.
// Called on the thread that did the work: must be quick and thread-safe.
class Observer {
 public:
  virtual ~Observer() = default;
  // One statement, named as its Query; also the failed ones.
  virtual void OnQuery(std::string_view /*query*/, absl::Duration /*took*/) {}
  // One Read, ReadSnapshot or Write, retries included.
  virtual void OnTransaction(std::string_view /*name*/, absl::Duration /*took*/,
                             const absl::Status& /*status*/) {}
  // A transaction runs again after a serialization failure or deadlock.
  virtual void OnRetry(std::string_view /*name*/) {}
  // A request_id was seen before: its first answer was given again.
  virtual void OnRepeatedRequest(std::string_view /*name*/) {}
  // WriteTransaction::SignalAfterCommit of a transaction that was committed.
  virtual void OnSignal(std::string_view /*topic*/, std::string_view /*tenant*/) {}
  // Somebody got a connection, or gave up, after this time.
  virtual void OnAcquire(absl::Duration /*waited*/, const absl::Status& /*status*/) {}
  // Connections that are lent out, and those that exist.
  virtual void OnPoolChange(int /*in_use*/, int /*open*/) {}
};

}  // namespace sockel::pg
