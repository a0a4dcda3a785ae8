#include "tools/bench/echo.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "bench_echo.grpc.pb.h"

namespace sockel::bench {
namespace {

class EchoDoor final : public EchoService::CallbackService {
 public:
  grpc::ServerUnaryReactor* Echo(grpc::CallbackServerContext* ctx, const EchoRequest* req,
                                 EchoResponse* resp) override {
    resp->set_text(req->text());
    auto* reactor = ctx->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

// Serves until the parent closes its end of the lifeline.
[[noreturn]] void Serve(int report, int lifeline) {
  EchoDoor door;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&door);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (write(report, &port, sizeof port) != sizeof port) _exit(1);
  char byte = 0;
  while (read(lifeline, &byte, 1) > 0) {
  }
  server->Shutdown();
  _exit(0);
}

struct BareCall {
  grpc::ClientContext context;
  EchoRequest request;
  EchoResponse response;
};

template <typename MakeCall>
StartCall Calls(const std::string& target, size_t channels, MakeCall make_call) {
  std::vector<std::shared_ptr<EchoService::Stub>> stubs;
  for (const auto& channel : Connections(target, channels)) {
    stubs.push_back(EchoService::NewStub(channel));
  }
  return [stubs, make_call](size_t slot, Done done) {
    auto call = make_call();
    call->request.set_text("tenants/smi/dossiers/019b8d2b-8c00-7000-b1aa-64d0c35db8a4");
    auto& sent = *call;
    stubs[slot % stubs.size()]->async()->Echo(&sent.context, &sent.request, &sent.response,
                                              WhenDone(std::move(call), std::move(done)));
  };
}

}  // namespace

EchoServer::EchoServer() {
  int report[2];
  int lifeline[2];
  if (pipe(report) != 0 || pipe(lifeline) != 0) std::abort();
  child_ = fork();  // before any gRPC object exists in this process
  if (child_ == 0) {
    close(report[0]);
    close(lifeline[1]);
    Serve(report[1], lifeline[0]);
  }
  close(report[1]);
  close(lifeline[0]);
  lifeline_ = lifeline[1];
  int port = 0;
  if (read(report[0], &port, sizeof port) != sizeof port) std::abort();
  close(report[0]);
  target_ = absl::StrCat("127.0.0.1:", port);
}

EchoServer::~EchoServer() {
  close(lifeline_);
  waitpid(child_, nullptr, 0);
}

StartCall EchoCalls(const std::string& target, const BenchTenant& tenant, size_t channels) {
  return Calls(target, channels, [token = tenant.access_token] {
    return std::make_shared<Call<EchoRequest, EchoResponse>>(token);
  });
}

StartCall BareEchoCalls(const std::string& target, size_t channels) {
  return Calls(target, channels, [] { return std::make_shared<BareCall>(); });
}

}  // namespace sockel::bench
