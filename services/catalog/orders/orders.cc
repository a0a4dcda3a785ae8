#include "services/catalog/orders/orders.h"

#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ids/ids.h"
#include "common/ledger/ledger.h"
#include "services/catalog/names.h"
#include "services/catalog/parameters.h"
#include "services/catalog/provisioning/progress.h"
#include "sockel/catalog/v1/errors.pb.h"

namespace sockel::catalog {
namespace {

constexpr char kProvider[] = "provider";
constexpr char kTenantCode[] = "tenant_code";

absl::Status RequireSubmitted(const v1::Order& order) {
  if (order.state() == v1::Order::SUBMITTED) return absl::OkStatus();
  const std::string& state = v1::Order::State_Name(order.state());
  return error::FailedPrecondition(
      v1::ErrorReason_Name(v1::ORDER_NOT_SUBMITTED),
      absl::StrCat(order.name(), " waits for no decision, it is ", state),
      {{"order", order.name()}, {"state", state}});
}

// Two-person rule.
absl::Status RequireOtherPerson(const Caller& caller, const v1::Order& order) {
  if (caller.subject != order.requester() && caller.on_behalf_of != order.requester()) {
    return absl::OkStatus();
  }
  return error::Make(absl::StatusCode::kPermissionDenied, v1::ErrorReason_Name(v1::OWN_ORDER),
                     "an order is approved by another person than the one who ordered",
                     {{"order", order.name()}});
}

void Record(pg::WriteTransaction& tx, const std::string& resource, const std::string& event,
            std::map<std::string, std::string> details = {}) {
  ledger::Append(tx, {.resource = resource, .details = details});
  events::Emit(tx, {.type = event, .resource = resource, .attributes = std::move(details)});
}

std::vector<std::string> StepServices(const v1::Plan& plan) {
  std::vector<std::string> services;
  for (const v1::ProvisioningStep& step : plan.steps()) services.push_back(step.service());
  services.push_back(kActivationStep);
  return services;
}

}  // namespace

absl::StatusOr<std::string> Beneficiary(const std::string& ordering_tenant,
                                        const google::protobuf::Struct& parameters) {
  const auto it = parameters.fields().find(kTenantCode);
  const std::string code = it == parameters.fields().end() ? "" : it->second.string_value();
  if (code.empty() || code == ordering_tenant) return ordering_tenant;
  if (ordering_tenant == kProvider) return code;
  return error::InvalidField("order.parameters.tenant_code",
                             absl::StrCat("must be ", ordering_tenant, ", the tenant that orders"));
}

absl::StatusOr<v1::Plan> Orders::OrderablePlan(pg::Transaction& tx, const std::string& plan_name) {
  const PlanKey key = PlanKeyFrom(plan_name);
  auto offering = offerings_.Get(tx, key.offering_id);
  auto plan = offering ? offerings_.GetPlan(tx, key) : std::nullopt;
  const bool draft = offering && offering->state() == v1::Offering::DRAFT;
  if (!plan || (draft && tx.caller().home_tenant != kProvider)) return error::NotFound(plan_name);
  if (draft) {
    return error::FailedPrecondition(v1::ErrorReason_Name(v1::OFFERING_NOT_PUBLISHED),
                                     absl::StrCat(offering->name(), " is still a draft"),
                                     {{"offering", offering->name()}, {"state", "DRAFT"}});
  }
  return *std::move(plan);
}

absl::StatusOr<v1::Order> Orders::Create(const Caller& caller,
                                         const v1::CreateOrderRequest& request) {
  auto beneficiary = Beneficiary(caller.tenant, request.order().parameters());
  if (!beneficiary.ok()) return beneficiary.status();
  return db_.Write(
      caller, "orders.create", [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Order> {
        auto plan = OrderablePlan(tx, request.order().plan());
        if (!plan.ok()) return plan.status();
        absl::Status fits =
            CheckParameters(plan->parameters_schema(), request.order().parameters());
        if (!fits.ok()) return fits;
        v1::Order order = request.order();
        *order.mutable_monthly_price() = plan->monthly_price();
        order.set_requester(caller.subject);
        store_.Insert(tx, ids::NewUuidV7(clock_.Now()), *beneficiary, StepServices(*plan), order);
        Record(tx, order.name(), "catalog.order.submitted",
               {{"plan", order.plan()}, {"beneficiary", "tenants/" + *beneficiary}});
        return order;
      });
}

absl::StatusOr<v1::Order> Orders::Get(const Caller& caller, const v1::GetOrderRequest& request) {
  return db_.Read(caller, "orders.get", [&](pg::Transaction& tx) -> absl::StatusOr<v1::Order> {
    auto order = store_.Get(tx, Segment(request.name(), 3));
    if (!order) return error::NotFound(request.name());
    return *std::move(order);
  });
}

absl::StatusOr<v1::ListOrdersResponse> Orders::List(const Caller& caller,
                                                    const v1::ListOrdersRequest& request) {
  auto after = tokens_.Read(caller, request);
  if (!after.ok()) return after.status();
  const int limit = paging::PageSize(request.page_size());
  return db_.Read(caller, "orders.list",
                  [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListOrdersResponse> {
                    v1::ListOrdersResponse response;
                    for (auto& order : store_.List(tx, ListPosition::From(*after), limit + 1)) {
                      if (response.orders_size() == limit) {
                        const v1::Order& last = response.orders(limit - 1);
                        response.set_next_page_token(tokens_.Make(
                            caller, request,
                            ListPosition{FromTimestamp(last.create_time()), Segment(last.name(), 3)}
                                .ToString()));
                        break;
                      }
                      *response.add_orders() = std::move(order);
                    }
                    return response;
                  });
}

absl::StatusOr<v1::Order> Orders::Approve(const Caller& caller,
                                          const v1::ApproveOrderRequest& request) {
  const std::string id = Segment(request.name(), 3);
  return db_.Write(caller, "orders.approve",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Order> {
                     auto order = store_.GetForUpdate(tx, id);
                     if (!order) return error::NotFound(request.name());
                     if (auto status = RequireSubmitted(*order); !status.ok()) return status;
                     if (auto status = RequireOtherPerson(caller, *order); !status.ok())
                       return status;
                     if (!request.etag().empty() && request.etag() != order->etag()) {
                       return error::EtagMismatch(request.name());
                     }
                     store_.Approve(tx, id, ids::NewUuidV7(clock_.Now()), request.reason());
                     Record(tx, order->name(), "catalog.order.approved");
                     return *store_.Get(tx, id);
                   });
}

absl::StatusOr<v1::Order> Orders::Reject(const Caller& caller,
                                         const v1::RejectOrderRequest& request) {
  const std::string id = Segment(request.name(), 3);
  return db_.Write(caller, "orders.reject",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Order> {
                     auto order = store_.GetForUpdate(tx, id);
                     if (!order) return error::NotFound(request.name());
                     if (auto status = RequireSubmitted(*order); !status.ok()) return status;
                     if (!request.etag().empty() && request.etag() != order->etag()) {
                       return error::EtagMismatch(request.name());
                     }
                     store_.Reject(tx, id, request.reason());
                     Record(tx, order->name(), "catalog.order.rejected");
                     return *store_.Get(tx, id);
                   });
}

absl::StatusOr<v1::Subscription> Orders::GetSubscription(
    const Caller& caller, const v1::GetSubscriptionRequest& request) {
  return db_.Read(caller, "subscriptions.get",
                  [&](pg::Transaction& tx) -> absl::StatusOr<v1::Subscription> {
                    auto subscription = store_.GetSubscription(tx, Segment(request.name(), 3));
                    if (!subscription) return error::NotFound(request.name());
                    return *std::move(subscription);
                  });
}

absl::StatusOr<v1::ListSubscriptionsResponse> Orders::ListSubscriptions(
    const Caller& caller, const v1::ListSubscriptionsRequest& request) {
  auto after = tokens_.Read(caller, request);
  if (!after.ok()) return after.status();
  const int limit = paging::PageSize(request.page_size());
  return db_.Read(caller, "subscriptions.list",
                  [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListSubscriptionsResponse> {
                    v1::ListSubscriptionsResponse response;
                    for (auto& subscription :
                         store_.ListSubscriptions(tx, ListPosition::From(*after), limit + 1)) {
                      if (response.subscriptions_size() == limit) {
                        const v1::Subscription& last = response.subscriptions(limit - 1);
                        response.set_next_page_token(tokens_.Make(
                            caller, request,
                            ListPosition{FromTimestamp(last.create_time()), Segment(last.name(), 3)}
                                .ToString()));
                        break;
                      }
                      *response.add_subscriptions() = std::move(subscription);
                    }
                    return response;
                  });
}

}  // namespace sockel::catalog
