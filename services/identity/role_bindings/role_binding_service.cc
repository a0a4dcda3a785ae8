#include "services/identity/role_bindings/role_binding_service.h"

namespace sockel::identity {

grpc::ServerUnaryReactor* RoleBindingServiceDoor::CreateRoleBinding(
    grpc::CallbackServerContext* ctx, const v1::CreateRoleBindingRequest* req,
    v1::RoleBinding* resp) {
  return rpc_.Unary(ctx, req, resp, bindings_, &RoleBindings::Create);
}

grpc::ServerUnaryReactor* RoleBindingServiceDoor::ListRoleBindings(
    grpc::CallbackServerContext* ctx, const v1::ListRoleBindingsRequest* req,
    v1::ListRoleBindingsResponse* resp) {
  return rpc_.Unary(ctx, req, resp, bindings_, &RoleBindings::List);
}

grpc::ServerUnaryReactor* RoleBindingServiceDoor::DeleteRoleBinding(
    grpc::CallbackServerContext* ctx, const v1::DeleteRoleBindingRequest* req,
    v1::DeleteRoleBindingResponse* resp) {
  return rpc_.Unary(ctx, req, resp, bindings_, &RoleBindings::Delete);
}

}  // namespace sockel::identity
