#pragma once

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/clock/clock.h"
#include "common/pg/database.h"
#include "services/identity/signing_keys/signing_keys.h"

namespace sockel::identity {

// What identity does by itself, on a thread of its own: knows the current
// signing keys, and drops rows that no longer say anything. Every replica does
// all of it; nothing needs a leader.
class Upkeep {
 public:
  Upkeep(pg::Database& db, const Clock& clock, SigningKeys& keys)
      : db_(db), clock_(clock), keys_(keys) {}
  ~Upkeep() { Stop(); }
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;

  void Start();
  void Stop();
  // The signing keys have changed.
  void Wake() ABSL_LOCKS_EXCLUDED(mutex_);

  // Expired assertions, revocations and sessions, failures of long ago.
  absl::Status DropExpired();

 private:
  void Run();

  pg::Database& db_;
  const Clock& clock_;
  SigningKeys& keys_;
  absl::Mutex mutex_;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sockel::identity
