#include "services/identity/service_accounts/service_account_service.h"

namespace sockel::identity {

grpc::ServerUnaryReactor* ServiceAccountServiceDoor::CreateServiceAccount(
    grpc::CallbackServerContext* ctx, const v1::CreateServiceAccountRequest* req,
    v1::ServiceAccount* resp) {
  return rpc_.Unary(ctx, req, resp, accounts_, &ServiceAccounts::Create);
}

grpc::ServerUnaryReactor* ServiceAccountServiceDoor::GetServiceAccount(
    grpc::CallbackServerContext* ctx, const v1::GetServiceAccountRequest* req,
    v1::ServiceAccount* resp) {
  return rpc_.Unary(ctx, req, resp, accounts_, &ServiceAccounts::Get);
}

grpc::ServerUnaryReactor* ServiceAccountServiceDoor::ListServiceAccounts(
    grpc::CallbackServerContext* ctx, const v1::ListServiceAccountsRequest* req,
    v1::ListServiceAccountsResponse* resp) {
  return rpc_.Unary(ctx, req, resp, accounts_, &ServiceAccounts::List);
}

grpc::ServerUnaryReactor* ServiceAccountServiceDoor::AddServiceAccountKey(
    grpc::CallbackServerContext* ctx, const v1::AddServiceAccountKeyRequest* req,
    v1::ServiceAccount* resp) {
  return rpc_.Unary(ctx, req, resp, accounts_, &ServiceAccounts::AddKey);
}

grpc::ServerUnaryReactor* ServiceAccountServiceDoor::RemoveServiceAccountKey(
    grpc::CallbackServerContext* ctx, const v1::RemoveServiceAccountKeyRequest* req,
    v1::ServiceAccount* resp) {
  return rpc_.Unary(ctx, req, resp, accounts_, &ServiceAccounts::RemoveKey);
}

}  // namespace sockel::identity
