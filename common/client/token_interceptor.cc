#include "common/client/token_interceptor.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/error/grpc_status.h"

namespace sockel::client {
namespace {

using grpc::experimental::ClientInterceptorFactoryInterface;
using grpc::experimental::ClientRpcInfo;
using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::Interceptor;
using grpc::experimental::InterceptorBatchMethods;

constexpr char kAuthorization[] = "authorization";

class TokenInterceptor final : public Interceptor {
 public:
  explicit TokenInterceptor(std::shared_ptr<TokenSource> tokens) : tokens_(std::move(tokens)) {}

  void Intercept(InterceptorBatchMethods* batch) override {
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_INITIAL_METADATA) &&
        batch->GetSendInitialMetadata()->count(kAuthorization) == 0) {
      return AddToken(batch);
    }
    if (!failure_.ok()) Fail(batch);
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_STATUS) &&
        batch->GetRecvStatus()->error_code() == grpc::StatusCode::UNAUTHENTICATED &&
        !token_.empty()) {
      tokens_->Rejected(token_);
    }
    batch->Proceed();
  }

 private:
  void AddToken(InterceptorBatchMethods* batch) {
    tokens_->Get([this, batch](absl::StatusOr<std::string> token) {
      if (!token.ok()) {
        failure_ = error::ToGrpc(token.status(), "identity.sockel");
        return batch->Hijack();
      }
      token_ = *std::move(token);
      batch->GetSendInitialMetadata()->emplace(kAuthorization, absl::StrCat("Bearer ", token_));
      batch->Proceed();
    });
  }

  // The call never left: answer in the server's place.
  void Fail(InterceptorBatchMethods* batch) const {
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_MESSAGE)) {
      batch->FailHijackedSendMessage();
    }
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_RECV_MESSAGE)) {
      batch->FailHijackedRecvMessage();
    }
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_RECV_STATUS)) {
      *batch->GetRecvStatus() = failure_;
    }
  }

  const std::shared_ptr<TokenSource> tokens_;
  std::string token_;     // the one this call carries
  grpc::Status failure_;  // why it carries none
};

class Factory final : public ClientInterceptorFactoryInterface {
 public:
  explicit Factory(std::shared_ptr<TokenSource> tokens) : tokens_(std::move(tokens)) {}
  Interceptor* CreateClientInterceptor(ClientRpcInfo*) override {
    return new TokenInterceptor(tokens_);
  }

 private:
  const std::shared_ptr<TokenSource> tokens_;
};

}  // namespace

std::unique_ptr<ClientInterceptorFactoryInterface> TokenInterceptorFactory(
    std::shared_ptr<TokenSource> tokens) {
  return std::make_unique<Factory>(std::move(tokens));
}

}  // namespace sockel::client
