#include <optional>
#include <utility>

#include "common/client/credentials.h"
#include "common/client/refreshing_tokens.h"
#include "common/client/token_call.h"
#include "common/clock/clock.h"
#include "common/clock/timestamp.h"
#include "sockel/identity/v1/authentication.grpc.pb.h"

namespace sockel::client {
namespace {

using identity::v1::AuthenticationService;
using identity::v1::RefreshTokensRequest;
using identity::v1::RefreshTokensResponse;

class UserSource final : public RefreshingTokens {
 public:
  UserSource(UserTokens tokens, const std::shared_ptr<grpc::Channel>& identity, const Clock& clock,
             UserTokenStore store)
      : RefreshingTokens(clock),
        refresh_token_(std::move(tokens.refresh_token)),
        store_(std::move(store)),
        stub_(AuthenticationService::NewStub(identity)) {
    Seed({std::move(tokens.access_token), tokens.access_expire_time});
  }
  ~UserSource() override { Close(); }

 private:
  void Fetch() override {
    if (std::optional<Token> theirs = OfAnotherProcess()) {
      Fetched(*std::move(theirs));
      return;
    }
    RefreshTokensRequest request;
    request.set_refresh_token(refresh_token_);
    StartTokenCall<RefreshTokensRequest, RefreshTokensResponse>(
        std::move(request),
        [this](auto* context, auto* sent, auto* response, auto done) {
          stub_->async()->RefreshTokens(context, sent, response, std::move(done));
        },
        Answer<RefreshTokensResponse>(
            [this](const RefreshTokensResponse& response) -> absl::StatusOr<Token> {
              const absl::Time expires = FromTimestamp(response.access_token_expire_time());
              refresh_token_ = response.refresh_token();
              if (store_.save) store_.save({response.access_token(), expires, refresh_token_});
              return Token{response.access_token(), expires};
            }));
  }

  // Takes over the pair that another process stored; its access token, when that is
  // good for a while yet.
  std::optional<Token> OfAnotherProcess() {
    const std::optional<UserTokens> stored = store_.load ? store_.load() : std::nullopt;
    if (!stored.has_value() || stored->refresh_token == refresh_token_) return std::nullopt;
    refresh_token_ = stored->refresh_token;
    if (stored->access_expire_time - clock().Now() < absl::Minutes(1)) return std::nullopt;
    return Token{stored->access_token, stored->access_expire_time};
  }

  // Touched by the one fetch under way only.
  std::string refresh_token_;
  const UserTokenStore store_;
  const std::unique_ptr<AuthenticationService::Stub> stub_;
};

}  // namespace

std::shared_ptr<TokenSource> RefreshedUserTokens(UserTokens tokens,
                                                 std::shared_ptr<grpc::Channel> identity,
                                                 const Clock& clock, UserTokenStore store) {
  return std::make_shared<UserSource>(std::move(tokens), identity, clock, std::move(store));
}

}  // namespace sockel::client
