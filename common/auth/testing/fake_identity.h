#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/auth/access_token.h"
#include "common/auth/assertion.h"
#include "common/auth/jwks.h"
#include "common/clock/clock.h"
#include "common/clock/timestamp.h"
#include "sockel/identity/v1/authentication.grpc.pb.h"

namespace sockel::auth {

// Identity as its callers see it, in a real server on a free port: issues
// tokens, serves keys and revocations. Can be stopped and started again.
class FakeIdentity final : public identity::v1::AuthenticationService::Service {
 public:
  FakeIdentity() : FakeIdentity(SystemTime()) {}
  explicit FakeIdentity(const Clock& clock) : clock_(clock) { Start(); }
  ~FakeIdentity() override { Stop(); }

  void Start() {
    {
      absl::MutexLock lock(&mutex_);
      ends_streams_ = false;
    }
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(address_, grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    address_ = absl::StrCat("127.0.0.1:", port);
  }

  void Stop() {
    if (server_ == nullptr) return;
    EndStreams();
    server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
  }

  const std::string& address() const { return address_; }
  std::shared_ptr<grpc::Channel> Channel() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 20);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), arguments);
  }

  // What it answers. All of it may change while it serves.
  void SetKeys(std::vector<Key> keys) {
    absl::MutexLock lock(&mutex_);
    keys_ = std::move(keys);
  }
  void SetServiceAccount(Key key) {
    absl::MutexLock lock(&mutex_);
    account_key_ = std::make_unique<Key>(std::move(key));
  }
  void SetTokenLife(absl::Duration life) {
    absl::MutexLock lock(&mutex_);
    token_life_ = life;
  }
  void Revoke(const std::string& subject, absl::Time time) {
    absl::MutexLock lock(&mutex_);
    revocations_.push_back({subject, time, time + absl::Hours(1)});
  }
  void EndStreams() {
    absl::MutexLock lock(&mutex_);
    ends_streams_ = true;
  }

  int jwks_calls() const { return Read(jwks_calls_); }
  int token_calls() const { return Read(token_calls_); }
  std::vector<std::string> cursors() const {
    absl::MutexLock lock(&mutex_);
    return cursors_;
  }
  // The address and port that each stream came from: equal on one connection.
  std::vector<std::string> followers() const {
    absl::MutexLock lock(&mutex_);
    return followers_;
  }
  // The header of each stream; empty when it had none.
  std::vector<std::string> traceparents() const {
    absl::MutexLock lock(&mutex_);
    return traceparents_;
  }
  bool AwaitJwksCalls(int count) const {
    absl::MutexLock lock(&mutex_);
    const auto reached = [&] { return jwks_calls_ >= count; };
    return mutex_.AwaitWithTimeout(absl::Condition(&reached), absl::Seconds(10));
  }

  grpc::Status GetJwks(grpc::ServerContext*, const identity::v1::GetJwksRequest*,
                       identity::v1::GetJwksResponse* response) override {
    absl::MutexLock lock(&mutex_);
    ++jwks_calls_;
    response->set_jwks(ToJwks(keys_));
    return grpc::Status::OK;
  }

  grpc::Status IssueServiceToken(grpc::ServerContext*,
                                 const identity::v1::IssueServiceTokenRequest* request,
                                 identity::v1::IssueServiceTokenResponse* response) override {
    absl::MutexLock lock(&mutex_);
    ++token_calls_;
    if (account_key_ == nullptr) return {grpc::StatusCode::UNAUTHENTICATED, "no such account"};
    const auto assertion =
        VerifyAssertion(request->client_assertion(), *account_key_, clock_.Now());
    if (!assertion.ok() || !seen_.insert(assertion->id).second) {
      return {grpc::StatusCode::UNAUTHENTICATED, "bad assertion"};
    }
    response->set_access_token(absl::StrCat("service-token-", token_calls_));
    *response->mutable_expire_time() = ToTimestamp(clock_.Now() + token_life_);
    return grpc::Status::OK;
  }

  grpc::Status RefreshTokens(grpc::ServerContext*,
                             const identity::v1::RefreshTokensRequest* request,
                             identity::v1::RefreshTokensResponse* response) override {
    absl::MutexLock lock(&mutex_);
    ++token_calls_;
    if (request->refresh_token() != absl::StrCat("refresh-", token_calls_ - 1)) {
      return {grpc::StatusCode::UNAUTHENTICATED, "the session has ended"};
    }
    response->set_access_token(absl::StrCat("user-token-", token_calls_));
    response->set_refresh_token(absl::StrCat("refresh-", token_calls_));
    *response->mutable_access_token_expire_time() = ToTimestamp(clock_.Now() + token_life_);
    return grpc::Status::OK;
  }

  // The cursor is the number of revocations sent.
  grpc::Status WatchRevocations(
      grpc::ServerContext* context, const identity::v1::WatchRevocationsRequest* request,
      grpc::ServerWriter<identity::v1::WatchRevocationsResponse>* writer) override {
    size_t sent = 0;
    if (!request->cursor().empty()) sent = std::stoul(request->cursor());
    absl::MutexLock lock(&mutex_);
    cursors_.push_back(request->cursor());
    followers_.push_back(context->peer());
    const auto traceparent = context->client_metadata().find("traceparent");
    traceparents_.push_back(
        traceparent == context->client_metadata().end()
            ? ""
            : std::string(traceparent->second.data(), traceparent->second.size()));
    while (!ends_streams_ && !context->IsCancelled()) {
      if (!silent_) sent = WriteFrom(sent, *writer);
      const auto news = [&] { return ends_streams_ || (!silent_ && sent < revocations_.size()); };
      mutex_.AwaitWithTimeout(absl::Condition(&news), absl::Milliseconds(50));
    }
    return {grpc::StatusCode::UNAVAILABLE, "draining"};
  }

  // Streams stay open and say nothing more.
  void FallSilent() {
    absl::MutexLock lock(&mutex_);
    silent_ = true;
  }
  void SpeakAgain() {
    absl::MutexLock lock(&mutex_);
    silent_ = false;
  }

 private:
  struct Revoked {
    std::string subject;
    absl::Time time;
    absl::Time expires;
  };

  size_t WriteFrom(size_t sent,
                   grpc::ServerWriter<identity::v1::WatchRevocationsResponse>& writer) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    identity::v1::WatchRevocationsResponse response;
    for (; sent < revocations_.size(); ++sent) {
      identity::v1::Revocation& revocation = *response.add_revocations();
      revocation.set_subject(revocations_[sent].subject);
      *revocation.mutable_revoke_time() = ToTimestamp(revocations_[sent].time);
      *revocation.mutable_expire_time() = ToTimestamp(revocations_[sent].expires);
    }
    response.set_cursor(absl::StrCat(sent));
    response.set_caught_up(true);
    writer.Write(response);
    return sent;
  }
  static const Clock& SystemTime() {
    static const SystemClock clock;
    return clock;
  }
  int Read(const int& counter) const {
    absl::MutexLock lock(&mutex_);
    return counter;
  }

  const Clock& clock_;
  std::string address_ = "127.0.0.1:0";
  std::unique_ptr<grpc::Server> server_;

  mutable absl::Mutex mutex_;
  std::vector<Key> keys_;
  std::unique_ptr<Key> account_key_;
  absl::Duration token_life_ = absl::Minutes(10);
  std::vector<Revoked> revocations_;
  std::set<std::string> seen_;
  std::vector<std::string> cursors_;
  std::vector<std::string> followers_;
  std::vector<std::string> traceparents_;
  bool ends_streams_ = false;
  bool silent_ = false;
  int jwks_calls_ = 0;
  int token_calls_ = 0;
};

}  // namespace sockel::auth
