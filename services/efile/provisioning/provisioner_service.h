#pragma once

#include "common/rpc/dispatcher.h"
#include "services/efile/provisioning/provisioner.h"
#include "sockel/provisioner/v1/provisioner.grpc.pb.h"

namespace sockel::efile {

// The door through which the catalog comes.
class ProvisionerDoor final : public provisioner::v1::ProvisionerService::CallbackService {
 public:
  ProvisionerDoor(const rpc::Dispatcher& dispatcher, Provisioner& provisioner)
      : rpc_(dispatcher.For<provisioner::v1::ProvisionerService>()), provisioner_(provisioner) {}

  grpc::ServerUnaryReactor* Provision(grpc::CallbackServerContext* ctx,
                                      const provisioner::v1::ProvisionRequest* req,
                                      provisioner::v1::Operation* resp) override {
    return rpc_.Unary(ctx, req, resp, provisioner_, &Provisioner::Provision);
  }
  grpc::ServerUnaryReactor* Deprovision(grpc::CallbackServerContext* ctx,
                                        const provisioner::v1::DeprovisionRequest* req,
                                        provisioner::v1::Operation* resp) override {
    return rpc_.Unary(ctx, req, resp, provisioner_, &Provisioner::Deprovision);
  }
  grpc::ServerUnaryReactor* GetOperation(grpc::CallbackServerContext* ctx,
                                         const provisioner::v1::GetOperationRequest* req,
                                         provisioner::v1::Operation* resp) override {
    return rpc_.Unary(ctx, req, resp, provisioner_, &Provisioner::GetOperation);
  }

 private:
  const rpc::ServiceDispatcher rpc_;
  Provisioner& provisioner_;
};

}  // namespace sockel::efile
