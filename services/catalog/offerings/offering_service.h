#pragma once

#include "common/rpc/dispatcher.h"
#include "services/catalog/offerings/offerings.h"
#include "sockel/catalog/v1/offering.grpc.pb.h"

namespace sockel::catalog {

class OfferingDoor final : public v1::OfferingService::CallbackService {
 public:
  OfferingDoor(const rpc::Dispatcher& dispatcher, Offerings& offerings)
      : rpc_(dispatcher.For<v1::OfferingService>()), offerings_(offerings) {}

  grpc::ServerUnaryReactor* CreateOffering(grpc::CallbackServerContext* ctx,
                                           const v1::CreateOfferingRequest* req,
                                           v1::Offering* resp) override {
    return rpc_.Unary(ctx, req, resp, offerings_, &Offerings::Create);
  }
  grpc::ServerUnaryReactor* GetOffering(grpc::CallbackServerContext* ctx,
                                        const v1::GetOfferingRequest* req,
                                        v1::Offering* resp) override {
    return rpc_.Unary(ctx, req, resp, offerings_, &Offerings::Get);
  }
  grpc::ServerUnaryReactor* ListOfferings(grpc::CallbackServerContext* ctx,
                                          const v1::ListOfferingsRequest* req,
                                          v1::ListOfferingsResponse* resp) override {
    return rpc_.Unary(ctx, req, resp, offerings_, &Offerings::List);
  }
  grpc::ServerUnaryReactor* PublishOffering(grpc::CallbackServerContext* ctx,
                                            const v1::PublishOfferingRequest* req,
                                            v1::Offering* resp) override {
    return rpc_.Unary(ctx, req, resp, offerings_, &Offerings::Publish);
  }
  grpc::ServerUnaryReactor* CreatePlan(grpc::CallbackServerContext* ctx,
                                       const v1::CreatePlanRequest* req, v1::Plan* resp) override {
    return rpc_.Unary(ctx, req, resp, offerings_, &Offerings::CreatePlan);
  }
  grpc::ServerUnaryReactor* GetPlan(grpc::CallbackServerContext* ctx, const v1::GetPlanRequest* req,
                                    v1::Plan* resp) override {
    return rpc_.Unary(ctx, req, resp, offerings_, &Offerings::GetPlan);
  }
  grpc::ServerUnaryReactor* ListPlans(grpc::CallbackServerContext* ctx,
                                      const v1::ListPlansRequest* req,
                                      v1::ListPlansResponse* resp) override {
    return rpc_.Unary(ctx, req, resp, offerings_, &Offerings::ListPlans);
  }

 private:
  rpc::ServiceDispatcher rpc_;
  Offerings& offerings_;
};

}  // namespace sockel::catalog
