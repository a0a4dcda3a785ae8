#include "common/rpc/malformed.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/server_interceptor.h>

#include <memory>
#include <utility>
#include <vector>

#include "common/rpc/call.h"
#include "common/rpc/core.h"

namespace sockel::rpc {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;

class Explainer final : public grpc::experimental::Interceptor {
 public:
  Explainer(ServerRpcInfo& info, internal::Core& core) : info_(info), core_(core) {}

  void Intercept(InterceptorBatchMethods* methods) override {
    // No handler of ours ever answers UNIMPLEMENTED: methods that are not there
    // are absent.
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS) &&
        methods->GetSendStatus().error_code() == grpc::StatusCode::UNIMPLEMENTED) {
      if (const internal::MethodState* method = core_.Find(info_.method())) {
        methods->ModifySendStatus(Conclude(*method));
      }
    }
    methods->Proceed();
  }

 private:
  grpc::Status Conclude(const internal::MethodState& method) {
    // The dispatcher's methods are all of the callback API.
    auto* context = static_cast<grpc::CallbackServerContext*>(info_.server_context());
    internal::Call call(core_, method, context);
    return call.Conclude(call.Malformed());
  }

  ServerRpcInfo& info_;
  internal::Core& core_;
};

class ExplainerFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit ExplainerFactory(internal::Core& core) : core_(core) {}
  grpc::experimental::Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    return new Explainer(*info, core_);
  }

 private:
  internal::Core& core_;
};

}  // namespace

void ExplainMalformedRequests(grpc::ServerBuilder& builder, const Dispatcher& dispatcher) {
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> factories;
  factories.push_back(std::make_unique<ExplainerFactory>(*dispatcher.core_));
  builder.experimental().SetInterceptorCreators(std::move(factories));
}

}  // namespace sockel::rpc
