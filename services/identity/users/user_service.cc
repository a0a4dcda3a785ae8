#include "services/identity/users/user_service.h"

namespace sockel::identity {

grpc::ServerUnaryReactor* UserServiceDoor::CreateUser(grpc::CallbackServerContext* ctx,
                                                      const v1::CreateUserRequest* req,
                                                      v1::User* resp) {
  return rpc_.Unary(ctx, req, resp, users_, &Users::Create);
}

grpc::ServerUnaryReactor* UserServiceDoor::GetUser(grpc::CallbackServerContext* ctx,
                                                   const v1::GetUserRequest* req, v1::User* resp) {
  return rpc_.Unary(ctx, req, resp, users_, &Users::Get);
}

grpc::ServerUnaryReactor* UserServiceDoor::ListUsers(grpc::CallbackServerContext* ctx,
                                                     const v1::ListUsersRequest* req,
                                                     v1::ListUsersResponse* resp) {
  return rpc_.Unary(ctx, req, resp, users_, &Users::List);
}

grpc::ServerUnaryReactor* UserServiceDoor::UpdateUser(grpc::CallbackServerContext* ctx,
                                                      const v1::UpdateUserRequest* req,
                                                      v1::User* resp) {
  return rpc_.Unary(ctx, req, resp, users_, &Users::Update);
}

grpc::ServerUnaryReactor* UserServiceDoor::LockUser(grpc::CallbackServerContext* ctx,
                                                    const v1::LockUserRequest* req,
                                                    v1::User* resp) {
  return rpc_.Unary(ctx, req, resp, users_, &Users::Lock);
}

grpc::ServerUnaryReactor* UserServiceDoor::UnlockUser(grpc::CallbackServerContext* ctx,
                                                      const v1::UnlockUserRequest* req,
                                                      v1::User* resp) {
  return rpc_.Unary(ctx, req, resp, users_, &Users::Unlock);
}

grpc::ServerUnaryReactor* UserServiceDoor::IssueActivationCode(
    grpc::CallbackServerContext* ctx, const v1::IssueActivationCodeRequest* req,
    v1::IssueActivationCodeResponse* resp) {
  return rpc_.Unary(ctx, req, resp, activation_, &Activation::IssueCode);
}

grpc::ServerUnaryReactor* UserServiceDoor::ActivateUser(grpc::CallbackServerContext* ctx,
                                                        const v1::ActivateUserRequest* req,
                                                        v1::ActivateUserResponse* resp) {
  return rpc_.UnaryIn(passwords_, ctx, req, resp, activation_, &Activation::Activate);
}

}  // namespace sockel::identity
