#include "common/rpc/malformed.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/support/server_interceptor.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/error/error.h"
#include "common/error/grpc_status.h"

namespace sockel::rpc {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;

// `/package.Service/Method` of a method of this binary.
bool IsKnown(const char* path) {
  std::string name(path);
  if (name.empty() || name[0] != '/') return false;
  name.erase(0, 1);
  const std::size_t slash = name.find('/');
  if (slash == std::string::npos) return false;
  name[slash] = '.';
  return google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(name) != nullptr;
}

class Explainer final : public grpc::experimental::Interceptor {
 public:
  Explainer(const ServerRpcInfo* info, const std::string& domain) : info_(*info), domain_(domain) {}

  void Intercept(InterceptorBatchMethods* methods) override {
    // No handler of ours ever answers UNIMPLEMENTED: methods that are not there
    // are absent.
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS) &&
        methods->GetSendStatus().error_code() == grpc::StatusCode::UNIMPLEMENTED &&
        IsKnown(info_.method())) {
      methods->ModifySendStatus(error::ToGrpc(
          error::Make(absl::StatusCode::kInvalidArgument, error::CommonReason::FIELD_INVALID,
                      "the request is not a valid message of this method, or has text that is not "
                      "UTF-8"),
          domain_));
    }
    methods->Proceed();
  }

 private:
  const ServerRpcInfo& info_;
  const std::string& domain_;
};

class ExplainerFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit ExplainerFactory(std::string domain) : domain_(std::move(domain)) {}
  grpc::experimental::Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    return new Explainer(info, domain_);
  }

 private:
  const std::string domain_;
};

}  // namespace

void ExplainMalformedRequests(grpc::ServerBuilder& builder, const std::string& domain) {
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> factories;
  factories.push_back(std::make_unique<ExplainerFactory>(domain));
  builder.experimental().SetInterceptorCreators(std::move(factories));
}

}  // namespace sockel::rpc
