#pragma once

#include "common/rpc/dispatcher.h"
#include "services/identity/provisioning/provisioner.h"
#include "sockel/provisioner/v1/provisioner.grpc.pb.h"

namespace sockel::identity {

class ProvisionerServiceDoor final : public provisioner::v1::ProvisionerService::CallbackService {
 public:
  ProvisionerServiceDoor(const rpc::Dispatcher& dispatcher, Provisioner& provisioner)
      : rpc_(dispatcher.For<provisioner::v1::ProvisionerService>()), provisioner_(provisioner) {}

  grpc::ServerUnaryReactor* Provision(grpc::CallbackServerContext* ctx,
                                      const provisioner::v1::ProvisionRequest* req,
                                      provisioner::v1::Operation* resp) override;
  grpc::ServerUnaryReactor* Deprovision(grpc::CallbackServerContext* ctx,
                                        const provisioner::v1::DeprovisionRequest* req,
                                        provisioner::v1::Operation* resp) override;
  grpc::ServerUnaryReactor* GetOperation(grpc::CallbackServerContext* ctx,
                                         const provisioner::v1::GetOperationRequest* req,
                                         provisioner::v1::Operation* resp) override;

 private:
  rpc::ServiceDispatcher rpc_;
  Provisioner& provisioner_;
};

}  // namespace sockel::identity
