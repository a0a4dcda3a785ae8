#include "services/identity/tenants/tenant_service.h"

namespace sockel::identity {

grpc::ServerUnaryReactor* TenantServiceDoor::CreateTenant(grpc::CallbackServerContext* ctx,
                                                          const v1::CreateTenantRequest* req,
                                                          v1::Tenant* resp) {
  return rpc_.Unary(ctx, req, resp, tenants_, &Tenants::Create);
}

grpc::ServerUnaryReactor* TenantServiceDoor::GetTenant(grpc::CallbackServerContext* ctx,
                                                       const v1::GetTenantRequest* req,
                                                       v1::Tenant* resp) {
  return rpc_.Unary(ctx, req, resp, tenants_, &Tenants::Get);
}

grpc::ServerUnaryReactor* TenantServiceDoor::ListTenants(grpc::CallbackServerContext* ctx,
                                                         const v1::ListTenantsRequest* req,
                                                         v1::ListTenantsResponse* resp) {
  return rpc_.Unary(ctx, req, resp, tenants_, &Tenants::List);
}

grpc::ServerUnaryReactor* TenantServiceDoor::UpdateTenant(grpc::CallbackServerContext* ctx,
                                                          const v1::UpdateTenantRequest* req,
                                                          v1::Tenant* resp) {
  return rpc_.Unary(ctx, req, resp, tenants_, &Tenants::Update);
}

grpc::ServerUnaryReactor* TenantServiceDoor::SuspendTenant(grpc::CallbackServerContext* ctx,
                                                           const v1::SuspendTenantRequest* req,
                                                           v1::Tenant* resp) {
  return rpc_.Unary(ctx, req, resp, tenants_, &Tenants::Suspend);
}

grpc::ServerUnaryReactor* TenantServiceDoor::ResumeTenant(grpc::CallbackServerContext* ctx,
                                                          const v1::ResumeTenantRequest* req,
                                                          v1::Tenant* resp) {
  return rpc_.Unary(ctx, req, resp, tenants_, &Tenants::Resume);
}

}  // namespace sockel::identity
