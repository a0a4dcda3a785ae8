#pragma once

#include <grpcpp/grpcpp.h>

#include "absl/time/time.h"

namespace sockel::rpc {

// What a server takes from its clients, when it holds a connection for dead, and
// how old one gets: after `connection_age` (10 % more or less) the client is told
// to make a new one for its next calls. Those under way, streams too, end where
// they began, whenever that is.
void SetLimits(grpc::ServerBuilder& builder, absl::Duration connection_age = absl::Minutes(30));

}  // namespace sockel::rpc
