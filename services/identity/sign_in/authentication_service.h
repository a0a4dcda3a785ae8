#pragma once

#include "common/rpc/dispatcher.h"
#include "common/rpc/worker_pool.h"
#include "services/identity/revocations/revocation_feed.h"
#include "services/identity/sign_in/service_tokens.h"
#include "services/identity/sign_in/sessions.h"
#include "services/identity/sign_in/sign_in.h"
#include "services/identity/signing_keys/signing_keys.h"
#include "sockel/identity/v1/authentication.grpc.pb.h"

namespace sockel::identity {

class AuthenticationServiceDoor final : public v1::AuthenticationService::CallbackService {
 public:
  // `passwords`: the pool for calls that hash passwords.
  AuthenticationServiceDoor(const rpc::Dispatcher& dispatcher, rpc::WorkerPool& passwords,
                            SignIn& sign_in, Sessions& sessions, ServiceTokens& service_tokens,
                            SigningKeys& signing_keys, RevocationFeed& revocations)
      : rpc_(dispatcher.For<v1::AuthenticationService>()),
        passwords_(passwords),
        sign_in_(sign_in),
        sessions_(sessions),
        service_tokens_(service_tokens),
        signing_keys_(signing_keys),
        revocations_(revocations) {}

  grpc::ServerUnaryReactor* Login(grpc::CallbackServerContext* ctx, const v1::LoginRequest* req,
                                  v1::LoginResponse* resp) override;
  grpc::ServerUnaryReactor* RefreshTokens(grpc::CallbackServerContext* ctx,
                                          const v1::RefreshTokensRequest* req,
                                          v1::RefreshTokensResponse* resp) override;
  grpc::ServerUnaryReactor* IssueServiceToken(grpc::CallbackServerContext* ctx,
                                              const v1::IssueServiceTokenRequest* req,
                                              v1::IssueServiceTokenResponse* resp) override;
  grpc::ServerUnaryReactor* GetJwks(grpc::CallbackServerContext* ctx, const v1::GetJwksRequest* req,
                                    v1::GetJwksResponse* resp) override;
  grpc::ServerUnaryReactor* RotateSigningKey(grpc::CallbackServerContext* ctx,
                                             const v1::RotateSigningKeyRequest* req,
                                             v1::RotateSigningKeyResponse* resp) override;
  grpc::ServerWriteReactor<v1::WatchRevocationsResponse>* WatchRevocations(
      grpc::CallbackServerContext* ctx, const v1::WatchRevocationsRequest* req) override;
  grpc::ServerUnaryReactor* ListSessions(grpc::CallbackServerContext* ctx,
                                         const v1::ListSessionsRequest* req,
                                         v1::ListSessionsResponse* resp) override;
  grpc::ServerUnaryReactor* RevokeSession(grpc::CallbackServerContext* ctx,
                                          const v1::RevokeSessionRequest* req,
                                          v1::Session* resp) override;
  grpc::ServerUnaryReactor* Logout(grpc::CallbackServerContext* ctx, const v1::LogoutRequest* req,
                                   v1::LogoutResponse* resp) override;

 private:
  rpc::ServiceDispatcher rpc_;
  rpc::WorkerPool& passwords_;
  SignIn& sign_in_;
  Sessions& sessions_;
  ServiceTokens& service_tokens_;
  SigningKeys& signing_keys_;
  RevocationFeed& revocations_;
};

}  // namespace sockel::identity
