#include <cerrno>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/auth/assertion.h"
#include "common/client/credentials.h"
#include "common/client/refreshing_tokens.h"
#include "common/client/token_call.h"
#include "common/clock/clock.h"
#include "common/clock/timestamp.h"
#include "sockel/identity/v1/authentication.grpc.pb.h"

namespace sockel::client {
namespace {

using identity::v1::AuthenticationService;
using identity::v1::IssueServiceTokenRequest;
using identity::v1::IssueServiceTokenResponse;

class ServiceAccountSource final : public RefreshingTokens {
 public:
  ServiceAccountSource(ServiceAccount account, const std::shared_ptr<grpc::Channel>& identity,
                       const Clock& clock)
      : RefreshingTokens(clock),
        account_(std::move(account)),
        stub_(AuthenticationService::NewStub(identity)) {}
  ~ServiceAccountSource() override { Close(); }

 private:
  // A new assertion each time: identity accepts one only once.
  void Fetch() override {
    absl::StatusOr<std::string> assertion =
        auth::MakeAssertion(account_.key, account_.name, clock().Now());
    if (!assertion.ok()) return Fetched(assertion.status());
    IssueServiceTokenRequest request;
    request.set_client_assertion(*std::move(assertion));
    StartTokenCall<IssueServiceTokenRequest, IssueServiceTokenResponse>(
        std::move(request),
        [this](auto* context, auto* sent, auto* response, auto done) {
          stub_->async()->IssueServiceToken(context, sent, response, std::move(done));
        },
        Answer<IssueServiceTokenResponse>(
            [](const IssueServiceTokenResponse& response) -> absl::StatusOr<Token> {
              return Token{response.access_token(), FromTimestamp(response.expire_time())};
            }));
  }

  const ServiceAccount account_;
  const std::unique_ptr<AuthenticationService::Stub> stub_;
};

}  // namespace

std::shared_ptr<TokenSource> ServiceAccountTokens(ServiceAccount account,
                                                  std::shared_ptr<grpc::Channel> identity,
                                                  const Clock& clock) {
  return std::make_shared<ServiceAccountSource>(std::move(account), identity, clock);
}

absl::StatusOr<auth::Key> ReadKeyFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const bool hidden = errno == EACCES;
    const std::string text = absl::StrCat("cannot read the key file ", path);
    return hidden ? absl::PermissionDeniedError(text) : absl::NotFoundError(text);
  }
  std::ostringstream json;
  json << file.rdbuf();
  absl::StatusOr<auth::Key> key = auth::Key::FromPrivateJson(json.str());
  if (key.ok()) return key;
  return absl::InvalidArgumentError(
      absl::StrCat("the key file ", path, ": ", key.status().message()));
}

}  // namespace sockel::client
