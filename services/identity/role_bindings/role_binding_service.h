#pragma once

#include "common/rpc/dispatcher.h"
#include "services/identity/role_bindings/role_bindings.h"
#include "sockel/identity/v1/role_binding.grpc.pb.h"

namespace sockel::identity {

class RoleBindingServiceDoor final : public v1::RoleBindingService::CallbackService {
 public:
  RoleBindingServiceDoor(const rpc::Dispatcher& dispatcher, RoleBindings& bindings)
      : rpc_(dispatcher.For<v1::RoleBindingService>()), bindings_(bindings) {}

  grpc::ServerUnaryReactor* CreateRoleBinding(grpc::CallbackServerContext* ctx,
                                              const v1::CreateRoleBindingRequest* req,
                                              v1::RoleBinding* resp) override;
  grpc::ServerUnaryReactor* ListRoleBindings(grpc::CallbackServerContext* ctx,
                                             const v1::ListRoleBindingsRequest* req,
                                             v1::ListRoleBindingsResponse* resp) override;
  grpc::ServerUnaryReactor* DeleteRoleBinding(grpc::CallbackServerContext* ctx,
                                              const v1::DeleteRoleBindingRequest* req,
                                              v1::DeleteRoleBindingResponse* resp) override;

 private:
  rpc::ServiceDispatcher rpc_;
  RoleBindings& bindings_;
};

}  // namespace sockel::identity
