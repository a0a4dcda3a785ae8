#pragma once

#include "common/rpc/dispatcher.h"
#include "services/catalog/orders/orders.h"
#include "sockel/catalog/v1/order.grpc.pb.h"

namespace sockel::catalog {

class OrderDoor final : public v1::OrderService::CallbackService {
 public:
  OrderDoor(const rpc::Dispatcher& dispatcher, Orders& orders)
      : rpc_(dispatcher.For<v1::OrderService>()), orders_(orders) {}

  grpc::ServerUnaryReactor* CreateOrder(grpc::CallbackServerContext* ctx,
                                        const v1::CreateOrderRequest* req,
                                        v1::Order* resp) override {
    return rpc_.Unary(ctx, req, resp, orders_, &Orders::Create);
  }
  grpc::ServerUnaryReactor* GetOrder(grpc::CallbackServerContext* ctx,
                                     const v1::GetOrderRequest* req, v1::Order* resp) override {
    return rpc_.Unary(ctx, req, resp, orders_, &Orders::Get);
  }
  grpc::ServerUnaryReactor* ListOrders(grpc::CallbackServerContext* ctx,
                                       const v1::ListOrdersRequest* req,
                                       v1::ListOrdersResponse* resp) override {
    return rpc_.Unary(ctx, req, resp, orders_, &Orders::List);
  }
  grpc::ServerUnaryReactor* ApproveOrder(grpc::CallbackServerContext* ctx,
                                         const v1::ApproveOrderRequest* req,
                                         v1::Order* resp) override {
    return rpc_.Unary(ctx, req, resp, orders_, &Orders::Approve);
  }
  grpc::ServerUnaryReactor* RejectOrder(grpc::CallbackServerContext* ctx,
                                        const v1::RejectOrderRequest* req,
                                        v1::Order* resp) override {
    return rpc_.Unary(ctx, req, resp, orders_, &Orders::Reject);
  }

 private:
  rpc::ServiceDispatcher rpc_;
  Orders& orders_;
};

class SubscriptionDoor final : public v1::SubscriptionService::CallbackService {
 public:
  SubscriptionDoor(const rpc::Dispatcher& dispatcher, Orders& orders)
      : rpc_(dispatcher.For<v1::SubscriptionService>()), orders_(orders) {}

  grpc::ServerUnaryReactor* GetSubscription(grpc::CallbackServerContext* ctx,
                                            const v1::GetSubscriptionRequest* req,
                                            v1::Subscription* resp) override {
    return rpc_.Unary(ctx, req, resp, orders_, &Orders::GetSubscription);
  }
  grpc::ServerUnaryReactor* ListSubscriptions(grpc::CallbackServerContext* ctx,
                                              const v1::ListSubscriptionsRequest* req,
                                              v1::ListSubscriptionsResponse* resp) override {
    return rpc_.Unary(ctx, req, resp, orders_, &Orders::ListSubscriptions);
  }

 private:
  rpc::ServiceDispatcher rpc_;
  Orders& orders_;
};

}  // namespace sockel::catalog
