#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/auth/revocations.h"
#include "common/caller/caller.h"
#include "common/clock/clock.h"
#include "common/pg/database.h"
#include "common/rpc/stream.h"
#include "services/identity/revocations/revocation_store.h"
#include "sockel/identity/v1/authentication.pb.h"

namespace sockel::identity {

// All revocations that matter now, in memory: one reader of the table for any
// number of followers, of which this process's own verifier is one.
// Thread-safe.
class RevocationFeed {
 public:
  // `own` is kept up to date for this process's verifier.
  RevocationFeed(pg::Database& db, const Clock& clock, auth::RevocationList& own)
      : db_(db), clock_(clock), own_(own) {}
  ~RevocationFeed() { Stop(); }
  RevocationFeed(const RevocationFeed&) = delete;
  RevocationFeed& operator=(const RevocationFeed&) = delete;

  // Reads every second, and at once when woken, until stopped.
  void Start();
  void Stop();
  void Wake() ABSL_LOCKS_EXCLUDED(mutex_);

  // One reading of the table, then news or signs of life to the followers.
  absl::Status ReadNow() ABSL_LOCKS_EXCLUDED(mutex_);

  // AuthenticationService.WatchRevocations.
  rpc::SourceOr<v1::WatchRevocationsResponse> Watch(const Caller& caller,
                                                    const v1::WatchRevocationsRequest& request);

 private:
  class Follower;
  struct Entry {
    revocation_store::Row row;
    int64_t number = 0;  // in the order of arrival here
  };

  void Run();
  // Whether the table has not come so far, as last read.
  bool IsAhead(uint64_t cursor) ABSL_LOCKS_EXCLUDED(mutex_);
  void Take(revocation_store::Batch batch, absl::Time now) ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<std::function<void()>> TakeWaiting() ABSL_LOCKS_EXCLUDED(mutex_);

  pg::Database& db_;
  const Clock& clock_;
  auth::RevocationList& own_;

  absl::Mutex mutex_;
  std::deque<Entry> entries_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<std::string> ids_ ABSL_GUARDED_BY(mutex_);
  int64_t last_number_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t watermark_ ABSL_GUARDED_BY(mutex_) = 0;
  // Successful readings; a follower tells by it that the feed lives.
  int64_t readings_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sockel::identity
