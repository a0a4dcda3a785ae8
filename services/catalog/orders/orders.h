#pragma once

#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "common/clock/clock.h"
#include "common/paging/paging.h"
#include "common/pg/database.h"
#include "services/catalog/offerings/offering_store.h"
#include "services/catalog/orders/order_store.h"
#include "services/catalog/orders/subscription_store.h"

// Use cases of orders and subscriptions.
namespace sockel::catalog {

// Who will use what is ordered: the tenant itself, or, for orders of the
// provider's service desk, the tenant named by the parameter `tenant_code`.
// INVALID_ARGUMENT when a ministry names another one, or the parameter is no text.
absl::StatusOr<std::string> Beneficiary(const std::string& ordering_tenant,
                                        const google::protobuf::Struct& parameters);

class Orders {
 public:
  Orders(pg::Database& db, const Clock& clock, const paging::Tokens& tokens)
      : db_(db), clock_(clock), tokens_(tokens) {}

  absl::StatusOr<v1::Order> Create(const Caller& caller, const v1::CreateOrderRequest& request);
  absl::StatusOr<v1::Order> Get(const Caller& caller, const v1::GetOrderRequest& request);
  absl::StatusOr<v1::ListOrdersResponse> List(const Caller& caller,
                                              const v1::ListOrdersRequest& request);
  absl::StatusOr<v1::Order> Approve(const Caller& caller, const v1::ApproveOrderRequest& request);
  absl::StatusOr<v1::Order> Reject(const Caller& caller, const v1::RejectOrderRequest& request);

  absl::StatusOr<v1::Subscription> GetSubscription(const Caller& caller,
                                                   const v1::GetSubscriptionRequest& request);
  absl::StatusOr<v1::ListSubscriptionsResponse> ListSubscriptions(
      const Caller& caller, const v1::ListSubscriptionsRequest& request);

 private:
  absl::StatusOr<v1::Plan> OrderablePlan(const Caller& caller, const std::string& plan_name);

  pg::Database& db_;
  const Clock& clock_;
  const paging::Tokens& tokens_;
  OrderStore store_;
  SubscriptionStore subscriptions_;
  OfferingStore offerings_;
};

}  // namespace sockel::catalog
