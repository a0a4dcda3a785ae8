#include "common/client/channel_factory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/client/token_interceptor.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"

namespace sockel::client {
namespace {

absl::Status CheckReadable(const std::string& path) {
  if (path.empty() || std::ifstream(path).good()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("cannot read ", path));
}

// Certificates are read again when their files change.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Tls(const TlsFiles& files) {
  for (const std::string* path : {&files.ca_file, &files.certificate_file, &files.key_file}) {
    if (absl::Status status = CheckReadable(*path); !status.ok()) return status;
  }
  if (files.certificate_file.empty() != files.key_file.empty()) {
    return absl::InvalidArgumentError("a certificate needs its key and the other way round");
  }
  grpc::experimental::TlsChannelCredentialsOptions options;
  if (!files.ca_file.empty() || !files.certificate_file.empty()) {
    options.set_certificate_provider(
        std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
            files.key_file, files.certificate_file, files.ca_file, files.refresh_seconds));
  }
  if (!files.ca_file.empty()) options.watch_root_certs();
  if (!files.certificate_file.empty()) options.watch_identity_key_cert_pairs();
  return grpc::experimental::TlsCredentials(options);
}

std::string_view WithoutScheme(std::string_view target) {
  for (std::string_view scheme : {"dns:///", "dns:", "ipv4:", "ipv6:"}) {
    if (target.substr(0, scheme.size()) == scheme) return target.substr(scheme.size());
  }
  return target;
}

bool IsLocalAddress(std::string_view address) {
  for (std::string_view host : {"127.", "localhost:", "[::1]:"}) {
    if (address.substr(0, host.size()) == host) return true;
  }
  return false;
}

bool IsList(std::string_view target) { return target.find(',') != std::string_view::npos; }

// gRPC takes several addresses only as `ipv4:` or `ipv6:`.
std::string Resolvable(const std::string& target) {
  if (!IsList(target) || absl::StartsWith(target, "ipv")) return target;
  const std::string spaceless = absl::StrReplaceAll(target, {{" ", ""}});
  return absl::StrCat(absl::StartsWith(spaceless, "[") ? "ipv6:" : "ipv4:", spaceless);
}

// A name may stand for several servers, as a headless Kubernetes service does.
bool IsBalanced(const std::string& target) {
  return IsList(target) || absl::StartsWith(target, "dns:");
}

}  // namespace

grpc::ChannelArguments ArgumentsFor(const std::string& service_config,
                                    const ChannelOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(service_config);
  // Nobody's DNS decides about our retries.
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 1);
  arguments.SetMaxSendMessageSize(static_cast<int>(kMostMessageBytes));
  // A dead peer is noticed within 25 seconds while calls are under way.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // A server that restarts is found again within a second; the second is the
  // time one attempt may take.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 2'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
  // A lost connection makes gRPC look its name up again, but by default 30 s after
  // the last time at the earliest: a rolling upgrade replaces servers faster.
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 2'000);
  if (options.tls && !options.tls->server_name.empty()) {
    arguments.SetString(GRPC_SSL_TARGET_NAME_OVERRIDE_ARG, options.tls->server_name);
  }
  return arguments;
}

bool IsLocalTarget(std::string_view target) {
  if (target.substr(0, 5) == "unix:" || target.substr(0, 14) == "unix-abstract:") return true;
  target = WithoutScheme(target);
  const std::vector<std::string> addresses =
      absl::StrSplit(absl::string_view(target.data(), target.size()), ',');
  return std::all_of(addresses.begin(), addresses.end(), [](std::string_view address) {
    while (!address.empty() && address.front() == ' ') address.remove_prefix(1);
    return IsLocalAddress(address);
  });
}

ChannelFactory::ChannelFactory(std::shared_ptr<grpc::ChannelCredentials> credentials,
                               ChannelOptions options, std::shared_ptr<TokenSource> tokens)
    : credentials_(std::move(credentials)),
      options_(std::move(options)),
      tokens_(std::move(tokens)) {}

absl::StatusOr<ChannelFactory> ChannelFactory::Create(const ChannelOptions& options,
                                                      std::shared_ptr<TokenSource> tokens) {
  if (!options.tls) {
    return ChannelFactory(grpc::InsecureChannelCredentials(), options, std::move(tokens));
  }
  absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> credentials = Tls(*options.tls);
  if (!credentials.ok()) return credentials.status();
  return ChannelFactory(*std::move(credentials), options, std::move(tokens));
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> ChannelFactory::Connect(
    const std::string& target,
    const std::vector<const google::protobuf::ServiceDescriptor*>& services) const {
  if (absl::Status status = CheckTarget(target); !status.ok()) return status;
  return Make(target, ArgumentsFor(ServiceConfig(services, IsBalanced(target)), options_));
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> ChannelFactory::ConnectApart(
    const std::string& target,
    const std::vector<const google::protobuf::ServiceDescriptor*>& services) const {
  if (absl::Status status = CheckTarget(target); !status.ok()) return status;
  grpc::ChannelArguments arguments =
      ArgumentsFor(ServiceConfig(services, IsBalanced(target)), options_);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return Make(target, arguments);
}

absl::Status ChannelFactory::CheckTarget(const std::string& target) const {
  if (options_.tls || options_.plaintext_anywhere || IsLocalTarget(target)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "plaintext to ", target, ": only to this machine, unless plaintext_anywhere is set"));
}

std::shared_ptr<grpc::Channel> ChannelFactory::Make(const std::string& target,
                                                    grpc::ChannelArguments arguments) const {
  // What is on this machine is not behind the proxy of the environment.
  if (IsLocalTarget(target)) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> interceptors;
  if (tokens_ != nullptr) interceptors.push_back(TokenInterceptorFactory(tokens_));
  return grpc::experimental::CreateCustomChannelWithInterceptors(
      Resolvable(target), credentials_, arguments, std::move(interceptors));
}

ChannelFactory ChannelFactory::WithTokens(std::shared_ptr<TokenSource> tokens) const {
  return ChannelFactory(credentials_, options_, std::move(tokens));
}

}  // namespace sockel::client
