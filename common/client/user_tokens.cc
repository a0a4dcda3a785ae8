#include <utility>

#include "common/client/credentials.h"
#include "common/client/refreshing_tokens.h"
#include "common/client/token_call.h"
#include "sockel/identity/v1/authentication.grpc.pb.h"

namespace sockel::client {
namespace {

using identity::v1::AuthenticationService;
using identity::v1::RefreshTokensRequest;
using identity::v1::RefreshTokensResponse;

class UserSource final : public RefreshingTokens {
 public:
  UserSource(UserTokens tokens, const std::shared_ptr<grpc::Channel>& identity, const Clock& clock,
             std::function<void(const UserTokens&)> on_refresh)
      : RefreshingTokens(clock),
        refresh_token_(std::move(tokens.refresh_token)),
        on_refresh_(std::move(on_refresh)),
        stub_(AuthenticationService::NewStub(identity)) {
    Seed({std::move(tokens.access_token), tokens.access_expire_time});
  }
  ~UserSource() override { Close(); }

 private:
  void Fetch() override {
    RefreshTokensRequest request;
    request.set_refresh_token(refresh_token_);
    StartTokenCall<RefreshTokensRequest, RefreshTokensResponse>(
        std::move(request),
        [this](auto* context, auto* sent, auto* response, auto done) {
          stub_->async()->RefreshTokens(context, sent, response, std::move(done));
        },
        Answer<RefreshTokensResponse>(
            [this](const RefreshTokensResponse& response) -> absl::StatusOr<Token> {
              const absl::Time expires = ToTime(response.access_token_expire_time());
              refresh_token_ = response.refresh_token();
              if (on_refresh_) on_refresh_({response.access_token(), expires, refresh_token_});
              return Token{response.access_token(), expires};
            }));
  }

  // Touched by the one fetch under way only.
  std::string refresh_token_;
  const std::function<void(const UserTokens&)> on_refresh_;
  const std::unique_ptr<AuthenticationService::Stub> stub_;
};

}  // namespace

std::shared_ptr<TokenSource> RefreshedUserTokens(
    UserTokens tokens, std::shared_ptr<grpc::Channel> identity, const Clock& clock,
    std::function<void(const UserTokens&)> on_refresh) {
  return std::make_shared<UserSource>(std::move(tokens), identity, clock, std::move(on_refresh));
}

}  // namespace sockel::client
