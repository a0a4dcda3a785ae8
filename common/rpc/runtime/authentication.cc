#include "common/rpc/runtime/authentication.h"

#include <utility>

#include "common/client/credentials.h"
#include "sockel/identity/v1/authentication.pb.h"

namespace sockel::rpc {
namespace {

const google::protobuf::ServiceDescriptor* AuthenticationService() {
  // Makes sure that the file is registered, then looks the service up in it.
  return identity::v1::GetJwksRequest::descriptor()->file()->FindServiceByName(
      "AuthenticationService");
}

client::ChannelOptions OptionsFor(const Settings& settings) {
  client::ChannelOptions options;
  if (settings.tls.plaintext || settings.tls.plaintext_anywhere) {
    options.plaintext_anywhere = settings.tls.plaintext_anywhere;
    return options;
  }
  options.tls = client::TlsFiles{settings.tls.ca_file, settings.tls.certificate_file,
                                 settings.tls.key_file, ""};
  return options;
}

}  // namespace

RemoteAuthenticator::RemoteAuthenticator(std::shared_ptr<grpc::Channel> plain,
                                         auth::RevocationFollower::Connect authenticated,
                                         const Clock& clock, const log::Logger& log,
                                         metrics::Registry& metrics)
    : keys_(std::move(plain), clock, log),
      follower_(std::move(authenticated), revocations_, clock, log),
      verifier_({}, keys_, revocations_, clock) {
  metrics.ComputedGauge("sockel_auth_revocations_age_seconds",
                        "Since identity's feed of revocations last said something; what was "
                        "revoked in that time is not known here.",
                        {}, [this] { return absl::ToDoubleSeconds(follower_.Age()); });
}

absl::Status RemoteAuthenticator::Ready() const {
  if (!keys_.Ready()) return absl::UnavailableError("no signing keys from identity yet");
  if (!follower_.CaughtUp()) return absl::UnavailableError("no revocations from identity yet");
  return absl::OkStatus();
}

absl::StatusOr<Outgoing> Outgoing::Create(const Settings& settings, const Clock& clock) {
  auto plain = client::ChannelFactory::Create(OptionsFor(settings), nullptr);
  if (!plain.ok()) return plain.status();
  if (settings.account_key_file.empty() || settings.identity_target.empty()) {
    return Outgoing(*plain, *plain, settings);
  }
  auto key = client::ReadKeyFile(settings.account_key_file);
  if (!key.ok()) return key.status();
  auto identity = plain->Connect(settings.identity_target, {AuthenticationService()});
  if (!identity.ok()) return identity.status();
  auto tokens = client::ServiceAccountTokens({settings.account_name, *std::move(key)},
                                             *std::move(identity), clock);
  return Outgoing(*plain, plain->WithTokens(std::move(tokens)), settings);
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> Outgoing::Connect(
    const std::string& service,
    const std::vector<const google::protobuf::ServiceDescriptor*>& called) const {
  const auto target = targets_.find(service);
  if (target != targets_.end() && !target->second.empty()) {
    return authenticated_.Connect(target->second, called);
  }
  if (service == "identity" && !identity_target_.empty()) {
    return authenticated_.Connect(identity_target_, called);
  }
  return absl::FailedPreconditionError("configuration: `services." + service +
                                       ".target` is missing");
}

absl::StatusOr<std::unique_ptr<RemoteAuthenticator>> Outgoing::MakeAuthenticator(
    const Clock& clock, const log::Logger& log, metrics::Registry& metrics) const {
  if (identity_target_.empty()) return nullptr;
  auto plain = plain_.Connect(identity_target_, {AuthenticationService()});
  if (!plain.ok()) return plain.status();
  // Cannot fail: the target is one that `plain` may call.
  auto authenticated = [factory = authenticated_, target = identity_target_] {
    return factory.ConnectApart(target, {AuthenticationService()}).value();
  };
  return std::make_unique<RemoteAuthenticator>(*std::move(plain), std::move(authenticated), clock,
                                               log, metrics);
}

}  // namespace sockel::rpc
