#pragma once

#include "common/rpc/dispatcher.h"
#include "services/efile/dossiers/dossiers.h"
#include "sockel/efile/v1/dossier.grpc.pb.h"

namespace sockel::efile {

// The door of dossiers.
class DossierDoor final : public v1::DossierService::CallbackService {
 public:
  DossierDoor(const rpc::Dispatcher& dispatcher, Dossiers& dossiers)
      : rpc_(dispatcher.For<v1::DossierService>()), dossiers_(dossiers) {}

  grpc::ServerUnaryReactor* CreateDossier(grpc::CallbackServerContext* ctx,
                                          const v1::CreateDossierRequest* req,
                                          v1::Dossier* resp) override {
    return rpc_.Unary(ctx, req, resp, dossiers_, &Dossiers::Create);
  }
  grpc::ServerUnaryReactor* GetDossier(grpc::CallbackServerContext* ctx,
                                       const v1::GetDossierRequest* req,
                                       v1::Dossier* resp) override {
    return rpc_.Unary(ctx, req, resp, dossiers_, &Dossiers::Get);
  }
  grpc::ServerUnaryReactor* ListDossiers(grpc::CallbackServerContext* ctx,
                                         const v1::ListDossiersRequest* req,
                                         v1::ListDossiersResponse* resp) override {
    return rpc_.Unary(ctx, req, resp, dossiers_, &Dossiers::List);
  }
  grpc::ServerUnaryReactor* UpdateDossier(grpc::CallbackServerContext* ctx,
                                          const v1::UpdateDossierRequest* req,
                                          v1::Dossier* resp) override {
    return rpc_.Unary(ctx, req, resp, dossiers_, &Dossiers::Update);
  }
  grpc::ServerUnaryReactor* CloseDossier(grpc::CallbackServerContext* ctx,
                                         const v1::CloseDossierRequest* req,
                                         v1::Dossier* resp) override {
    return rpc_.Unary(ctx, req, resp, dossiers_, &Dossiers::Close);
  }

 private:
  const rpc::ServiceDispatcher rpc_;
  Dossiers& dossiers_;
};

}  // namespace sockel::efile
