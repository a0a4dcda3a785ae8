#pragma once

#include <grpcpp/server_builder.h>

#include "common/rpc/dispatcher.h"

namespace sockel::rpc {

// gRPC answers a request that is no valid protobuf message (or whose text is
// not UTF-8) with a bare UNIMPLEMENTED, before any code of ours runs. This
// makes it what it is, INVALID_ARGUMENT/FIELD_INVALID, counted and logged as any
// other call. Unknown methods stay UNIMPLEMENTED. What is too large never gets
// this far: gRPC's transport has answered it already, with a bare
// RESOURCE_EXHAUSTED. `dispatcher` outlives the server.
void ExplainMalformedRequests(grpc::ServerBuilder& builder, const Dispatcher& dispatcher);

}  // namespace sockel::rpc
