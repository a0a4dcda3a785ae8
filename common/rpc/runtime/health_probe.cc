#include "common/rpc/runtime/health_probe.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/byte_buffer.h>

#include <chrono>
#include <string>

#include "common/rpc/runtime/server_credentials.h"

namespace sockel::rpc {
namespace {

// `0.0.0.0:7001` is an address to listen on, not one to call.
std::string Callable(const std::string& listen) {
  for (const char* any : {"0.0.0.0:", "[::]:"}) {
    const std::string prefix(any);
    if (listen.compare(0, prefix.size(), prefix) == 0) {
      return "127.0.0.1:" + listen.substr(prefix.size());
    }
  }
  return listen;
}

// HealthCheckResponse{status: SERVING}, the answer to an empty request
// (grpc.health.v1, whose generated code gRPC keeps to itself).
bool SaysServing(const grpc::ByteBuffer& response) {
  grpc::Slice slice;
  if (!response.TrySingleSlice(&slice).ok() && !response.DumpToSingleSlice(&slice).ok()) {
    return false;
  }
  return std::string(reinterpret_cast<const char*>(slice.begin()), slice.size()) == "\x08\x01";
}

}  // namespace

absl::Status ProbeHealth(const Settings& settings) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);  // it is this machine
  grpc::GenericStub stub(grpc::CreateCustomChannel(Callable(settings.listen),
                                                   OwnChannelCredentials(settings.tls), arguments));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(2));
  grpc::CompletionQueue queue;
  const grpc::Slice nothing;
  const grpc::ByteBuffer request(&nothing, 1);  // HealthCheckRequest{}: the server as a whole
  auto call = stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", request, &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  if (!status.ok()) return absl::UnavailableError(status.error_message());
  return SaysServing(response) ? absl::OkStatus() : absl::UnavailableError("not serving");
}

}  // namespace sockel::rpc
