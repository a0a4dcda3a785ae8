#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/client/credentials.h"

namespace sockel::client {

// What all token sources that talk to identity share: one fetch at a time,
// everybody else waits for it; renewal ahead of time; back-off after failures.
// Owned by shared_ptr: a fetch under way keeps it alive.
class RefreshingTokens : public TokenSource, public std::enable_shared_from_this<RefreshingTokens> {
 public:
  explicit RefreshingTokens(const Clock& clock) : clock_(clock) {}

  void Get(Done done) override ABSL_LOCKS_EXCLUDED(mutex_);
  void Rejected(const std::string& access_token) override ABSL_LOCKS_EXCLUDED(mutex_);

 protected:
  struct Token {
    std::string access_token;
    absl::Time expire_time;
  };

  // Begins to fetch a token and calls Fetched() once, from any thread. Called
  // without the lock, one at a time.
  virtual void Fetch() = 0;
  void Fetched(absl::StatusOr<Token> token) ABSL_LOCKS_EXCLUDED(mutex_);

  // A token at hand already.
  void Seed(Token token) ABSL_LOCKS_EXCLUDED(mutex_);
  const Clock& clock() const { return clock_; }

 private:
  bool Usable(absl::Time now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Keep(Token token, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock& clock_;

  absl::Mutex mutex_;
  std::string token_ ABSL_GUARDED_BY(mutex_);
  absl::Time obtained_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  // From when on to fetch the next, and until when this one is given out.
  absl::Time renew_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Time usable_until_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  bool fetching_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Duration backoff_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
  absl::Time not_before_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Status last_error_ ABSL_GUARDED_BY(mutex_);
  std::vector<Done> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sockel::client
