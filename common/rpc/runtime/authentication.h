#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/auth/identity_key_source.h"
#include "common/auth/revocation_follower.h"
#include "common/auth/revocations.h"
#include "common/auth/token_verifier.h"
#include "common/client/channel_factory.h"
#include "common/clock/clock.h"
#include "common/log/log.h"
#include "common/metrics/metrics.h"
#include "common/rpc/runtime/settings.h"

namespace sockel::rpc {

// The service's own authenticator, known only after the dispatcher was built
// that uses it. Set once, before serving.
class LateAuthenticator final : public Authenticator {
 public:
  void Set(std::unique_ptr<Authenticator> authenticator) { actual_ = std::move(authenticator); }
  bool IsSet() const { return actual_ != nullptr; }

  std::shared_ptr<const Principal> Known(std::string_view bearer) const override {
    return actual_->Known(bearer);
  }
  Result Authenticate(std::string_view bearer) const override {
    return actual_->Authenticate(bearer);
  }
  Standing StandingOf(const Principal& principal) const override {
    return actual_->StandingOf(principal);
  }

 private:
  std::unique_ptr<Authenticator> actual_;
};

// Verifies with the keys and revocations that it gets from identity.
class RemoteAuthenticator final : public Authenticator {
 public:
  // `plain`: channel to identity without credentials; `authenticated` makes
  // channels with this service's. Shows in `metrics` how old its knowledge is.
  RemoteAuthenticator(std::shared_ptr<grpc::Channel> plain,
                      auth::RevocationFollower::Connect authenticated, const Clock& clock,
                      const log::Logger& log, metrics::Registry& metrics);

  std::shared_ptr<const Principal> Known(std::string_view bearer) const override {
    return verifier_.Known(bearer);
  }
  Result Authenticate(std::string_view bearer) const override {
    return verifier_.Authenticate(bearer);
  }
  Standing StandingOf(const Principal& principal) const override {
    return verifier_.StandingOf(principal);
  }

  // Can tokens be judged? UNAVAILABLE says what is missing.
  absl::Status Ready() const;

 private:
  auth::IdentityKeySource keys_;
  auth::RevocationList revocations_;
  auth::RevocationFollower follower_;
  auth::TokenVerifier verifier_;
};

// Calls from this service to others.
class Outgoing {
 public:
  // INVALID_ARGUMENT names an unreadable file.
  static absl::StatusOr<Outgoing> Create(const Settings& settings, const Clock& clock);

  // FAILED_PRECONDITION when the service has no target.
  absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(
      const std::string& service,
      const std::vector<const google::protobuf::ServiceDescriptor*>& called) const;

  // Null when this service is identity.
  absl::StatusOr<std::unique_ptr<RemoteAuthenticator>> MakeAuthenticator(
      const Clock& clock, const log::Logger& log, metrics::Registry& metrics) const;

 private:
  Outgoing(client::ChannelFactory plain, client::ChannelFactory authenticated,
           const Settings& settings)
      : plain_(std::move(plain)),
        authenticated_(std::move(authenticated)),
        identity_target_(settings.identity_target),
        targets_(settings.targets) {}

  client::ChannelFactory plain_;
  client::ChannelFactory authenticated_;
  std::string identity_target_;
  std::map<std::string, std::string> targets_;
};

}  // namespace sockel::rpc
