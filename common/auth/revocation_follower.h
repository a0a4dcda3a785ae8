#pragma once

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

// Keeps a RevocationList equal to identity's, by its feed. A dead or silent
// connection is noticed within `silence` and made anew, from the last cursor
// on; while identity is down the list stays as it is. Owns a thread.
class RevocationFollower {
 public:
  struct Options {
    // The feed shows a sign of life every 2 seconds.
    absl::Duration silence = absl::Milliseconds(3500);
    absl::Duration least_backoff = absl::Milliseconds(100);
    absl::Duration most_backoff = absl::Seconds(1);
  };

  // `identity` carries credentials that hold identity.revocations.watch.
  RevocationFollower(std::shared_ptr<grpc::Channel> identity, RevocationList& list,
                     const Clock& clock, log::Logger logger, Options options);
  RevocationFollower(std::shared_ptr<grpc::Channel> identity, RevocationList& list,
                     const Clock& clock, log::Logger logger)
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
  void Run();
  // Follows one stream to its end. True when it delivered something.
  bool FollowOnce();
  grpc::Status ReadStream(grpc::ClientContext& context, bool& heard);
  void Apply(const identity::v1::WatchRevocationsResponse& response);
  void Report(const grpc::Status& status, bool heard);

  const std::shared_ptr<grpc::Channel> channel_;
  RevocationList& list_;
  const Clock& clock_;
  const log::Logger log_;
  const Options options_;
  std::string cursor_;          // only the thread's
  bool reported_down_ = false;  // only the thread's

  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool caught_up_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time last_heard_ ABSL_GUARDED_BY(mutex_);
  grpc::ClientContext* context_ ABSL_GUARDED_BY(mutex_) = nullptr;

  std::thread thread_;
};

}  // namespace sockel::auth
