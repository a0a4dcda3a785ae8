#include "common/rpc/runtime/server_limits.h"

#include "common/client/channel_factory.h"

namespace sockel::rpc {
namespace {

// Largest request: what our own clients send at most. Also gRPC's own default on
// the client's side for answers.
constexpr int kMostRequestBytes = static_cast<int>(client::kMostMessageBytes);

}  // namespace

void SetLimits(grpc::ServerBuilder& builder, absl::Duration connection_age) {
  builder.SetMaxReceiveMessageSize(kMostRequestBytes);
  builder.SetMaxSendMessageSize(-1);
  // Two servers on one port would share its connections unseen.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Dead peers are noticed; clients may ping every 5 s, also without calls.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 4'000);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 10'000);
  // A client looks a name up again when it loses a connection: if none ever ended, a
  // replica that was added would get no calls. GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS
  // stays at its default, for ever: it would cut off uploads, downloads and watches.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                             static_cast<int>(absl::ToInt64Milliseconds(connection_age)));
}

}  // namespace sockel::rpc
