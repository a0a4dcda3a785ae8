#pragma once

#include "common/rpc/dispatcher.h"
#include "services/identity/service_accounts/service_accounts.h"
#include "sockel/identity/v1/service_account.grpc.pb.h"

namespace sockel::identity {

class ServiceAccountServiceDoor final : public v1::ServiceAccountService::CallbackService {
 public:
  ServiceAccountServiceDoor(const rpc::Dispatcher& dispatcher, ServiceAccounts& accounts)
      : rpc_(dispatcher.For<v1::ServiceAccountService>()), accounts_(accounts) {}

  grpc::ServerUnaryReactor* CreateServiceAccount(grpc::CallbackServerContext* ctx,
                                                 const v1::CreateServiceAccountRequest* req,
                                                 v1::ServiceAccount* resp) override;
  grpc::ServerUnaryReactor* GetServiceAccount(grpc::CallbackServerContext* ctx,
                                              const v1::GetServiceAccountRequest* req,
                                              v1::ServiceAccount* resp) override;
  grpc::ServerUnaryReactor* ListServiceAccounts(grpc::CallbackServerContext* ctx,
                                                const v1::ListServiceAccountsRequest* req,
                                                v1::ListServiceAccountsResponse* resp) override;
  grpc::ServerUnaryReactor* AddServiceAccountKey(grpc::CallbackServerContext* ctx,
                                                 const v1::AddServiceAccountKeyRequest* req,
                                                 v1::ServiceAccount* resp) override;
  grpc::ServerUnaryReactor* RemoveServiceAccountKey(grpc::CallbackServerContext* ctx,
                                                    const v1::RemoveServiceAccountKeyRequest* req,
                                                    v1::ServiceAccount* resp) override;

 private:
  rpc::ServiceDispatcher rpc_;
  ServiceAccounts& accounts_;
};

}  // namespace sockel::identity
