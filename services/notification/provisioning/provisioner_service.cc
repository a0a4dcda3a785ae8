#include "services/notification/provisioning/provisioner_service.h"

namespace sockel::notification {

grpc::ServerUnaryReactor* ProvisionerDoor::Provision(
    grpc::CallbackServerContext* ctx, const provisioner::v1::ProvisionRequest* request,
    provisioner::v1::Operation* response) {
  return rpc_.Unary(ctx, request, response, provisioning_, &Provisioning::Provision);
}

grpc::ServerUnaryReactor* ProvisionerDoor::Deprovision(
    grpc::CallbackServerContext* ctx, const provisioner::v1::DeprovisionRequest* request,
    provisioner::v1::Operation* response) {
  return rpc_.Unary(ctx, request, response, provisioning_, &Provisioning::Deprovision);
}

grpc::ServerUnaryReactor* ProvisionerDoor::GetOperation(
    grpc::CallbackServerContext* ctx, const provisioner::v1::GetOperationRequest* request,
    provisioner::v1::Operation* response) {
  return rpc_.Unary(ctx, request, response, provisioning_, &Provisioning::GetOperation);
}

}  // namespace sockel::notification
