#pragma once

#include "common/rpc/dispatcher.h"
#include "services/identity/tenants/tenants.h"
#include "sockel/identity/v1/tenant.grpc.pb.h"

namespace sockel::identity {

class TenantServiceDoor final : public v1::TenantService::CallbackService {
 public:
  TenantServiceDoor(const rpc::Dispatcher& dispatcher, Tenants& tenants)
      : rpc_(dispatcher.For<v1::TenantService>()), tenants_(tenants) {}

  grpc::ServerUnaryReactor* CreateTenant(grpc::CallbackServerContext* ctx,
                                         const v1::CreateTenantRequest* req,
                                         v1::Tenant* resp) override;
  grpc::ServerUnaryReactor* GetTenant(grpc::CallbackServerContext* ctx,
                                      const v1::GetTenantRequest* req, v1::Tenant* resp) override;
  grpc::ServerUnaryReactor* ListTenants(grpc::CallbackServerContext* ctx,
                                        const v1::ListTenantsRequest* req,
                                        v1::ListTenantsResponse* resp) override;
  grpc::ServerUnaryReactor* UpdateTenant(grpc::CallbackServerContext* ctx,
                                         const v1::UpdateTenantRequest* req,
                                         v1::Tenant* resp) override;
  grpc::ServerUnaryReactor* SuspendTenant(grpc::CallbackServerContext* ctx,
                                          const v1::SuspendTenantRequest* req,
                                          v1::Tenant* resp) override;
  grpc::ServerUnaryReactor* ResumeTenant(grpc::CallbackServerContext* ctx,
                                         const v1::ResumeTenantRequest* req,
                                         v1::Tenant* resp) override;

 private:
  rpc::ServiceDispatcher rpc_;
  Tenants& tenants_;
};

}  // namespace sockel::identity
