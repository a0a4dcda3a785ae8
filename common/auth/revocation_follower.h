#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/auth/revocations.h"
#include "common/log/log.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"

namespace sockel {
class Clock;
namespace identity::v1 {
class WatchRevocationsResponse;
}
}  // namespace sockel

namespace sockel::auth {

// Keeps a RevocationList equal to identity's, by its feed. A connection that is
// silent for `silence` is given up, because it may be dead without anybody
// having said so; a new one goes on from the last cursor. While identity is down
// the list stays as it is. Owns a thread.
class RevocationFollower {
 public:
  struct Options {
    // The feed shows a sign of life every 2 seconds, and what was revoked shall
    // be known within 5.
    absl::Duration silence = absl::Milliseconds(2500);
    absl::Duration least_backoff = absl::Milliseconds(100);
    absl::Duration most_backoff = absl::Seconds(1);
  };

  // Makes a channel whose connections no other channel shares: the next one
  // would else take the dead one over. Carries credentials that hold
  // identity.revocations.watch. Called by the follower's thread, too.
  using Connect = std::function<std::shared_ptr<grpc::Channel>()>;

  RevocationFollower(Connect identity, RevocationList& list, const Clock& clock, log::Logger logger,
                     Options options);
  RevocationFollower(Connect identity, RevocationList& list, const Clock& clock, log::Logger logger)
      : RevocationFollower(std::move(identity), list, clock, std::move(logger), Options()) {}
  ~RevocationFollower();
  RevocationFollower(const RevocationFollower&) = delete;
  RevocationFollower& operator=(const RevocationFollower&) = delete;

  // Whether the list has been complete once since the start. Until then
  // revoked tokens may pass: not ready.
  bool CaughtUp() const;
  // Time since the feed last said something; how stale the list may be.
  absl::Duration Age() const;

 private:
  // How a stream ended.
  struct Outcome {
    grpc::Status status;
    bool heard = false;   // it delivered something
    bool silent = false;  // it ended because it went silent
  };

  void Run();
  // Follows one stream to its end. True when it delivered something.
  bool FollowOnce();
  Outcome ReadStream(grpc::ClientContext& context);
  void Apply(const identity::v1::WatchRevocationsResponse& response);
  void Report(const Outcome& outcome, const std::string& trace_id);

  const Connect connect_;
  RevocationList& list_;
  const Clock& clock_;
  const log::Logger log_;
  const Options options_;
  // Only the thread's.
  std::shared_ptr<grpc::Channel> channel_;
  std::string cursor_;
  bool reported_down_ = false;

  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool caught_up_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time last_heard_ ABSL_GUARDED_BY(mutex_);
  grpc::ClientContext* context_ ABSL_GUARDED_BY(mutex_) = nullptr;

  std::thread thread_;
};

}  // namespace sockel::auth
