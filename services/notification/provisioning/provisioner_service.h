#pragma once

#include "common/rpc/dispatcher.h"
#include "services/notification/provisioning/provisioning.h"
#include "sockel/provisioner/v1/provisioner.grpc.pb.h"

namespace sockel::notification {

class ProvisionerDoor final : public provisioner::v1::ProvisionerService::CallbackService {
 public:
  ProvisionerDoor(const rpc::Dispatcher& dispatcher, Provisioning& provisioning)
      : rpc_(dispatcher.For<provisioner::v1::ProvisionerService>()), provisioning_(provisioning) {}

  grpc::ServerUnaryReactor* Provision(grpc::CallbackServerContext* ctx,
                                      const provisioner::v1::ProvisionRequest* request,
                                      provisioner::v1::Operation* response) override;
  grpc::ServerUnaryReactor* Deprovision(grpc::CallbackServerContext* ctx,
                                        const provisioner::v1::DeprovisionRequest* request,
                                        provisioner::v1::Operation* response) override;
  grpc::ServerUnaryReactor* GetOperation(grpc::CallbackServerContext* ctx,
                                         const provisioner::v1::GetOperationRequest* request,
                                         provisioner::v1::Operation* response) override;

 private:
  rpc::ServiceDispatcher rpc_;
  Provisioning& provisioning_;
};

}  // namespace sockel::notification
