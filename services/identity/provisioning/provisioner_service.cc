#include "services/identity/provisioning/provisioner_service.h"

namespace sockel::identity {

grpc::ServerUnaryReactor* ProvisionerServiceDoor::Provision(
    grpc::CallbackServerContext* ctx, const provisioner::v1::ProvisionRequest* req,
    provisioner::v1::Operation* resp) {
  return rpc_.Unary(ctx, req, resp, provisioner_, &Provisioner::Provision);
}

grpc::ServerUnaryReactor* ProvisionerServiceDoor::Deprovision(
    grpc::CallbackServerContext* ctx, const provisioner::v1::DeprovisionRequest* req,
    provisioner::v1::Operation* resp) {
  return rpc_.Unary(ctx, req, resp, provisioner_, &Provisioner::Deprovision);
}

grpc::ServerUnaryReactor* ProvisionerServiceDoor::GetOperation(
    grpc::CallbackServerContext* ctx, const provisioner::v1::GetOperationRequest* req,
    provisioner::v1::Operation* resp) {
  return rpc_.Unary(ctx, req, resp, provisioner_, &Provisioner::GetOperation);
}

}  // namespace sockel::identity
