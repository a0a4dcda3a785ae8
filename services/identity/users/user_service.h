#pragma once

#include "common/rpc/dispatcher.h"
#include "common/rpc/worker_pool.h"
#include "services/identity/users/activation.h"
#include "services/identity/users/users.h"
#include "sockel/identity/v1/user.grpc.pb.h"

namespace sockel::identity {

class UserServiceDoor final : public v1::UserService::CallbackService {
 public:
  // `passwords`: the pool for calls that hash passwords.
  UserServiceDoor(const rpc::Dispatcher& dispatcher, rpc::WorkerPool& passwords, Users& users,
                  Activation& activation)
      : rpc_(dispatcher.For<v1::UserService>()),
        passwords_(passwords),
        users_(users),
        activation_(activation) {}

  grpc::ServerUnaryReactor* CreateUser(grpc::CallbackServerContext* ctx,
                                       const v1::CreateUserRequest* req, v1::User* resp) override;
  grpc::ServerUnaryReactor* GetUser(grpc::CallbackServerContext* ctx, const v1::GetUserRequest* req,
                                    v1::User* resp) override;
  grpc::ServerUnaryReactor* ListUsers(grpc::CallbackServerContext* ctx,
                                      const v1::ListUsersRequest* req,
                                      v1::ListUsersResponse* resp) override;
  grpc::ServerUnaryReactor* UpdateUser(grpc::CallbackServerContext* ctx,
                                       const v1::UpdateUserRequest* req, v1::User* resp) override;
  grpc::ServerUnaryReactor* LockUser(grpc::CallbackServerContext* ctx,
                                     const v1::LockUserRequest* req, v1::User* resp) override;
  grpc::ServerUnaryReactor* UnlockUser(grpc::CallbackServerContext* ctx,
                                       const v1::UnlockUserRequest* req, v1::User* resp) override;
  grpc::ServerUnaryReactor* IssueActivationCode(grpc::CallbackServerContext* ctx,
                                                const v1::IssueActivationCodeRequest* req,
                                                v1::IssueActivationCodeResponse* resp) override;
  grpc::ServerUnaryReactor* ActivateUser(grpc::CallbackServerContext* ctx,
                                         const v1::ActivateUserRequest* req,
                                         v1::ActivateUserResponse* resp) override;

 private:
  rpc::ServiceDispatcher rpc_;
  rpc::WorkerPool& passwords_;
  Users& users_;
  Activation& activation_;
};

}  // namespace sockel::identity
