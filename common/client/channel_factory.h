#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/client/credentials.h"
#include "google/protobuf/descriptor.h"
#include "grpcpp/channel.h"
#include "grpcpp/support/channel_arguments.h"

namespace sockel::client {

// Files in PEM form.
struct TlsFiles {
  std::string ca_file;           // whom to believe; empty = the system's
  std::string certificate_file;  // with key_file: show this certificate (mTLS)
  std::string key_file;
  std::string server_name;  // expected name, if not the target's host
  // Seconds between two looks at the files, which may be replaced: what is in
  // them then counts for new connections.
  unsigned refresh_seconds = 60;
};

struct ChannelOptions {
  // Absent: plaintext, to this machine only (loopback address or unix socket).
  std::optional<TlsFiles> tls;
  // Allow plaintext, and tokens in it, to other machines. Only where something
  // else encrypts (a service mesh).
  bool plaintext_anywhere = false;
};

// Largest message that the suite's servers take. gRPC refuses a larger one when
// it arrives, with RESOURCE_EXHAUSTED and nothing else: that looks like overload,
// which would be worth another attempt.
inline constexpr std::size_t kMostMessageBytes = 4 << 20;

// Makes channels that behave well: they retry what is safe to retry (a method
// whose request has a request_id: give it one, client::Unary does), honour the
// server's push-back, notice dead connections, spread over several addresses
// and leave out unhealthy ones, put the caller's token on each call, and send no
// message over kMostMessageBytes: such a call fails here (client::Unary says why).
// Thread-safe.
class ChannelFactory {
 public:
  // `tokens` may be null: calls then carry no token. INVALID_ARGUMENT names an
  // unreadable file.
  static absl::StatusOr<ChannelFactory> Create(const ChannelOptions& options,
                                               std::shared_ptr<TokenSource> tokens);

  // `target`: "127.0.0.1:7001", "unix:/run/efile.sock", "dns:///efile:7001", or
  // several addresses "10.0.0.1:7001,10.0.0.2:7001". `services`: those that will
  // be called, e.g. {DossierService::descriptor()}; their methods get retries.
  // Connects on first use. INVALID_ARGUMENT: plaintext to another machine.
  absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(
      const std::string& target,
      const std::vector<const google::protobuf::ServiceDescriptor*>& services) const;

  // The same, but with connections of its own: other channels to one target share
  // theirs, and a new one would begin with what may be a dead one.
  absl::StatusOr<std::shared_ptr<grpc::Channel>> ConnectApart(
      const std::string& target,
      const std::vector<const google::protobuf::ServiceDescriptor*>& services) const;

  // The same connection settings with other credentials.
  ChannelFactory WithTokens(std::shared_ptr<TokenSource> tokens) const;

 private:
  ChannelFactory(std::shared_ptr<grpc::ChannelCredentials> credentials, ChannelOptions options,
                 std::shared_ptr<TokenSource> tokens);

  absl::Status CheckTarget(const std::string& target) const;
  std::shared_ptr<grpc::Channel> Make(const std::string& target,
                                      grpc::ChannelArguments arguments) const;

  std::shared_ptr<grpc::ChannelCredentials> credentials_;
  ChannelOptions options_;
  std::shared_ptr<TokenSource> tokens_;
};

// May a call of this method be sent again when nobody knows what became of it?
// Reads, and methods whose request carries a request_id.
bool IsSafeToRetry(const google::protobuf::MethodDescriptor& method);

// The gRPC service config (JSON) for channels to these services.
std::string ServiceConfig(const std::vector<const google::protobuf::ServiceDescriptor*>& services,
                          bool balanced);

// What every channel is made with, whatever its target.
grpc::ChannelArguments ArgumentsFor(const std::string& service_config,
                                    const ChannelOptions& options);

// True for loopback addresses and unix sockets.
bool IsLocalTarget(std::string_view target);

}  // namespace sockel::client
