#include "services/identity/sign_in/authentication_service.h"

namespace sockel::identity {

grpc::ServerUnaryReactor* AuthenticationServiceDoor::Login(grpc::CallbackServerContext* ctx,
                                                           const v1::LoginRequest* req,
                                                           v1::LoginResponse* resp) {
  return rpc_.UnaryIn(passwords_, ctx, req, resp, sign_in_, &SignIn::Login);
}

grpc::ServerUnaryReactor* AuthenticationServiceDoor::RefreshTokens(
    grpc::CallbackServerContext* ctx, const v1::RefreshTokensRequest* req,
    v1::RefreshTokensResponse* resp) {
  return rpc_.Unary(ctx, req, resp, sessions_, &Sessions::Refresh);
}

grpc::ServerUnaryReactor* AuthenticationServiceDoor::IssueServiceToken(
    grpc::CallbackServerContext* ctx, const v1::IssueServiceTokenRequest* req,
    v1::IssueServiceTokenResponse* resp) {
  return rpc_.Unary(ctx, req, resp, service_tokens_, &ServiceTokens::Issue);
}

grpc::ServerUnaryReactor* AuthenticationServiceDoor::GetJwks(grpc::CallbackServerContext* ctx,
                                                             const v1::GetJwksRequest* req,
                                                             v1::GetJwksResponse* resp) {
  return rpc_.UnaryInline(ctx, req, resp, signing_keys_, &SigningKeys::GetJwks);
}

grpc::ServerUnaryReactor* AuthenticationServiceDoor::RotateSigningKey(
    grpc::CallbackServerContext* ctx, const v1::RotateSigningKeyRequest* req,
    v1::RotateSigningKeyResponse* resp) {
  return rpc_.Unary(ctx, req, resp, signing_keys_, &SigningKeys::Rotate);
}

grpc::ServerWriteReactor<v1::WatchRevocationsResponse>* AuthenticationServiceDoor::WatchRevocations(
    grpc::CallbackServerContext* ctx, const v1::WatchRevocationsRequest* req) {
  return rpc_.ServerStream(ctx, req, revocations_, &RevocationFeed::Watch);
}

grpc::ServerUnaryReactor* AuthenticationServiceDoor::ListSessions(
    grpc::CallbackServerContext* ctx, const v1::ListSessionsRequest* req,
    v1::ListSessionsResponse* resp) {
  return rpc_.Unary(ctx, req, resp, sessions_, &Sessions::List);
}

grpc::ServerUnaryReactor* AuthenticationServiceDoor::RevokeSession(
    grpc::CallbackServerContext* ctx, const v1::RevokeSessionRequest* req, v1::Session* resp) {
  return rpc_.Unary(ctx, req, resp, sessions_, &Sessions::Revoke);
}

grpc::ServerUnaryReactor* AuthenticationServiceDoor::Logout(grpc::CallbackServerContext* ctx,
                                                            const v1::LogoutRequest* req,
                                                            v1::LogoutResponse* resp) {
  return rpc_.Unary(ctx, req, resp, sessions_, &Sessions::Logout);
}

}  // namespace sockel::identity
