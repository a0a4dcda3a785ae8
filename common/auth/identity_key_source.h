#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/auth/key_source.h"
#include "common/log/log.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"

namespace sockel {
class Clock;
}

namespace sockel::auth {

// The keys that identity publishes, fetched at start, then every interval, and
// when a token names an unknown one. While identity is down the last known keys
// stay. Owns a thread; thread-safe.
class IdentityKeySource final : public KeySource {
 public:
  struct Options {
    absl::Duration interval = absl::Seconds(60);
    // After a failed fetch.
    absl::Duration retry_interval = absl::Seconds(1);
    // Refresh() asks at most once in this time.
    absl::Duration least_between = absl::Seconds(1);
    // How long Refresh() waits for the answer.
    absl::Duration wait = absl::Milliseconds(500);
    // How long a fetch may take.
    absl::Duration timeout = absl::Seconds(5);
  };

  // `identity` needs no credentials: the keys are public. Begins to fetch.
  IdentityKeySource(std::shared_ptr<grpc::Channel> identity, const Clock& clock, log::Logger logger,
                    Options options);
  IdentityKeySource(std::shared_ptr<grpc::Channel> identity, const Clock& clock, log::Logger logger)
      : IdentityKeySource(std::move(identity), clock, std::move(logger), Options()) {}
  ~IdentityKeySource() override;

  std::optional<Key> Find(std::string_view key_id) const override { return keys_.Find(key_id); }
  bool Ready() const override { return keys_.Ready(); }
  uint64_t Generation() const override { return keys_.Generation(); }
  bool Refresh() override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run();
  bool Fetch();
  bool NextIsDue() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_ || wanted_; }

  const std::shared_ptr<grpc::Channel> channel_;
  const Clock& clock_;
  const log::Logger log_;
  const Options options_;
  LocalKeySource keys_;

  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool wanted_ ABSL_GUARDED_BY(mutex_) = false;
  bool fetching_ ABSL_GUARDED_BY(mutex_) = false;
  bool last_ok_ ABSL_GUARDED_BY(mutex_) = true;
  int waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t fetches_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time last_start_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  // The running fetch, to cancel it.
  grpc::ClientContext* context_ ABSL_GUARDED_BY(mutex_) = nullptr;

  std::thread thread_;
};

}  // namespace sockel::auth
