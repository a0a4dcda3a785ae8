#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/clock/clock.h"
#include "services/notification/deliveries/user_directory.h"
#include "sockel/identity/v1/user.grpc.pb.h"

namespace sockel::notification {

// Asks identity's UserService, with this service's own credentials. Remembers
// answers for half a minute: a message to a user goes out by several channels,
// and a busy user gets many.
class IdentityDirectory final : public UserDirectory {
 public:
  IdentityDirectory(std::shared_ptr<grpc::Channel> identity, const Clock& clock);
  absl::StatusOr<UserContact> Find(const Caller& caller, const std::string& user) override;

 private:
  struct Remembered {
    UserContact contact;
    absl::Time until;
  };

  const std::unique_ptr<identity::v1::UserService::Stub> users_;
  const Clock& clock_;
  absl::Mutex mutex_;
  std::unordered_map<std::string, Remembered> remembered_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sockel::notification
