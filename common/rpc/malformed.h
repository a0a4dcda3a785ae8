#pragma once

#include <grpcpp/server_builder.h>

#include <string>

namespace sockel::rpc {

// gRPC answers a request that is no valid protobuf message (or whose text is
// not UTF-8) with a bare UNIMPLEMENTED, before any code of ours runs. This
// makes it what it is: INVALID_ARGUMENT/FIELD_INVALID of `domain`. Unknown
// methods stay UNIMPLEMENTED. What is too large never gets this far: gRPC's
// transport has answered it already, with a bare RESOURCE_EXHAUSTED.
void ExplainMalformedRequests(grpc::ServerBuilder& builder, const std::string& domain);

}  // namespace sockel::rpc
