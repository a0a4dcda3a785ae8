#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/client/credentials.h"

namespace sockel::client {

// What all token sources that talk to identity share: one fetch at a time,
// everybody else waits for it; renewal ahead of time; back-off after failures.
// May go while a fetch is under way: whoever waits is told, and the answer is
// dropped. The clock outlives it.
class RefreshingTokens : public TokenSource {
 public:
  explicit RefreshingTokens(const Clock& clock) : clock_(clock) {}
  ~RefreshingTokens() override;

  void Get(Done done) override ABSL_LOCKS_EXCLUDED(mutex_);
  void Rejected(const std::string& access_token) override ABSL_LOCKS_EXCLUDED(mutex_);

 protected:
  struct Token {
    std::string access_token;
    absl::Time expire_time;
  };

  // Begins to fetch a token; then Fetched() is called once, or what Answer() made,
  // from any thread. Called without the lock, one at a time.
  virtual void Fetch() = 0;
  void Fetched(const absl::StatusOr<Token>& token) ABSL_LOCKS_EXCLUDED(mutex_);
  // What to do with an answer of identity, which may come late: unless Close() was
  // called, Fetched() with the token that `to_token` finds in it.
  template <typename Response, typename ToToken>
  std::function<void(absl::StatusOr<Response>)> Answer(ToToken to_token) {
    return [this, door = door_, to_token](absl::StatusOr<Response> response) {
      Delivery delivery;
      {
        absl::MutexLock lock(&door->mutex);
        if (!door->open) return;
        delivery = Store(response.ok() ? to_token(*response) : response.status());
      }
      Deliver(delivery);
    };
  }
  // First in the destructor of whoever implements Fetch(): waits for an answer that
  // is being taken, and lets none in any more.
  void Close();

  // A token at hand already.
  void Seed(Token token) ABSL_LOCKS_EXCLUDED(mutex_);
  const Clock& clock() const { return clock_; }

 private:
  struct Door {
    absl::Mutex mutex;
    bool open ABSL_GUARDED_BY(mutex) = true;
  };
  // Who waited, and for what. They may drop this object: told without a lock.
  struct Delivery {
    std::vector<Done> waiting;
    absl::StatusOr<std::string> answer = absl::UnavailableError("");
  };
  Delivery Store(const absl::StatusOr<Token>& token) ABSL_LOCKS_EXCLUDED(mutex_);
  static void Deliver(const Delivery& delivery);

  bool Usable(absl::Time now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Keep(Token token, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock& clock_;
  const std::shared_ptr<Door> door_ = std::make_shared<Door>();

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
