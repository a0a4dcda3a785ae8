#include "common/rpc/malformed.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/server_interceptor.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "common/rpc/call.h"
#include "common/rpc/core.h"

namespace sockel::rpc {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;

// A message that was cut off, because the client went away in the middle of it,
// looks to gRPC as one that does not parse. Which of the two it was is known when
// the call is over on the client's side as well: that is when it is counted.
class Explainer final : public grpc::experimental::Interceptor {
 public:
  Explainer(ServerRpcInfo& info, internal::Core& core) : info_(info), core_(core) {}

  void Intercept(InterceptorBatchMethods* methods) override {
    // No handler of ours ever answers UNIMPLEMENTED: methods that are not there
    // are absent.
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS) &&
        methods->GetSendStatus().error_code() == grpc::StatusCode::UNIMPLEMENTED) {
      if (const internal::MethodState* method = core_.Find(info_.method())) {
        methods->ModifySendStatus(Explain(*method));
      }
    }
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_CLOSE)) Close();
    methods->Proceed();
  }

 private:
  grpc::Status Explain(const internal::MethodState& method) {
    absl::MutexLock lock(&mutex_);
    // The dispatcher's methods are all of the callback API.
    call_.emplace(core_, method, static_cast<grpc::CallbackServerContext*>(info_.server_context()));
    grpc::Status wire = call_->OnTheWire(call_->Malformed());
    if (closed_) Conclude();
    return wire;
  }

  void Close() {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    if (call_.has_value()) Conclude();
  }

  void Conclude() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const bool cut_off = call_->context().IsCancelled();
    call_->Conclude(cut_off ? internal::Cancelled() : call_->Malformed());
    call_.reset();
  }

  ServerRpcInfo& info_;
  internal::Core& core_;
  absl::Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<internal::Call> call_ ABSL_GUARDED_BY(mutex_);  // not concluded yet
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
