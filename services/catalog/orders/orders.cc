#include "services/catalog/orders/orders.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/clock/timestamp.h"
#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ids/ids.h"
#include "common/ledger/ledger.h"
#include "services/catalog/names.h"
#include "services/catalog/parameters.h"
#include "services/catalog/provisioning/progress.h"

namespace sockel::catalog {
namespace {

constexpr char kProvider[] = "provider";
constexpr char kTenantCode[] = "tenant_code";

absl::Status RequireSubmitted(const v1::Order& order) {
  if (order.state() == v1::Order::SUBMITTED) return absl::OkStatus();
  const std::string& state = v1::Order::State_Name(order.state());
  return error::FailedPrecondition(
      "ORDER_NOT_SUBMITTED", absl::StrCat(order.name(), " waits for no decision, it is ", state),
      {{"order", order.name()}, {"state", state}});
}

bool Ordered(const std::string& person, const v1::Order& order) {
  return !person.empty() && (person == order.requester() || person == order.on_behalf_of());
}

// Two-person rule. Whoever acts for somebody is as good as both.
absl::Status RequireOtherPerson(const Caller& caller, const v1::Order& order) {
  if (!Ordered(caller.subject, order) && !Ordered(caller.on_behalf_of, order)) {
    return absl::OkStatus();
  }
  return error::Make(absl::StatusCode::kPermissionDenied, "OWN_ORDER",
                     "an order is approved by another person than the one who ordered",
                     {{"order", order.name()}});
}

void Record(pg::WriteTransaction& tx, const std::string& resource, const std::string& event,
            std::map<std::string, std::string> details = {}) {
  ledger::Append(tx, {.resource = resource, .details = details});
  events::Emit(tx, {.type = event, .resource = resource, .attributes = std::move(details)});
}

// Of an order or a subscription in its list.
template <typename Resource>
std::string PositionOf(const Resource& resource) {
  return ListPosition{FromTimestamp(resource.create_time()), Segment(resource.name(), 3)}
      .ToString();
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
  constexpr char kField[] = "order.parameters.tenant_code";
  const auto it = parameters.fields().find(kTenantCode);
  if (it == parameters.fields().end()) return ordering_tenant;
  if (it->second.kind_case() != google::protobuf::Value::kStringValue) {
    return error::InvalidField(kField, "must be a text");
  }
  const std::string& code = it->second.string_value();
  if (code.empty() || code == ordering_tenant) return ordering_tenant;
  if (ordering_tenant == kProvider) return code;
  return error::InvalidField(kField,
                             absl::StrCat("must be ", ordering_tenant, ", the tenant that orders"));
}

absl::StatusOr<v1::Plan> Orders::OrderablePlan(const Caller& caller, const std::string& plan_name) {
  return db_.Read(caller, "orders.plan", [&](pg::Transaction& tx) -> absl::StatusOr<v1::Plan> {
    const PlanKey key = PlanKeyFrom(plan_name);
    auto found = offerings_.GetPlan(tx, key);
    const bool draft = found && found->state == v1::Offering::DRAFT;
    if (!found || (draft && caller.home_tenant != kProvider)) return error::NotFound(plan_name);
    if (!draft) return std::move(found->plan);
    const std::string offering = OfferingName(key.offering_id);
    return error::FailedPrecondition("OFFERING_NOT_PUBLISHED",
                                     absl::StrCat(offering, " is still a draft"),
                                     {{"offering", offering}, {"state", "DRAFT"}});
  });
}

absl::StatusOr<v1::Order> Orders::Create(const Caller& caller,
                                         const v1::CreateOrderRequest& request) {
  const google::protobuf::Struct& parameters = request.order().parameters();
  if (auto status = CheckSize(parameters, "order.parameters"); !status.ok()) return status;
  auto beneficiary = Beneficiary(caller.tenant, parameters);
  if (!beneficiary.ok()) return beneficiary.status();
  // Published plans do not change, so that what is found before the transaction
  // holds in it; checking parameters would keep it open for too long.
  auto plan = OrderablePlan(caller, request.order().plan());
  if (!plan.ok()) return plan.status();
  if (auto status = CheckParameters(plan->parameters_schema(), parameters); !status.ok()) {
    return status;
  }
  return db_.Write(
      caller, "orders.create", [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Order> {
        v1::Order order;
        order.set_plan(request.order().plan());
        *order.mutable_parameters() = parameters;
        *order.mutable_monthly_price() = plan->monthly_price();
        order.set_requester(caller.subject);
        order.set_on_behalf_of(caller.on_behalf_of);
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
                    auto found = store_.List(tx, ListPosition::From(*after), limit + 1);
                    if (paging::Fill(std::move(found), limit, *response.mutable_orders())) {
                      response.set_next_page_token(
                          tokens_.Make(caller, request, PositionOf(*response.orders().rbegin())));
                    }
                    return response;
                  });
}

absl::StatusOr<v1::Order> Orders::Approve(const Caller& caller,
                                          const v1::ApproveOrderRequest& request) {
  const std::string id = Segment(request.name(), 3);
  return db_.Write(
      caller, "orders.approve", [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Order> {
        auto order = store_.GetForUpdate(tx, id);
        if (!order) return error::NotFound(request.name());
        absl::Status status = error::CheckEtag(request.etag(), order->etag(), request.name());
        if (status.ok()) status = RequireSubmitted(*order);
        if (status.ok()) status = RequireOtherPerson(caller, *order);
        if (!status.ok()) return status;
        store_.Approve(tx, id, ids::NewUuidV7(clock_.Now()), request.reason(), *order);
        Record(tx, order->name(), "catalog.order.approved");
        return *std::move(order);
      });
}

absl::StatusOr<v1::Order> Orders::Reject(const Caller& caller,
                                         const v1::RejectOrderRequest& request) {
  const std::string id = Segment(request.name(), 3);
  return db_.Write(
      caller, "orders.reject", [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Order> {
        auto order = store_.GetForUpdate(tx, id);
        if (!order) return error::NotFound(request.name());
        absl::Status status = error::CheckEtag(request.etag(), order->etag(), request.name());
        if (status.ok()) status = RequireSubmitted(*order);
        if (!status.ok()) return status;
        store_.Reject(tx, id, request.reason(), *order);
        Record(tx, order->name(), "catalog.order.rejected");
        return *std::move(order);
      });
}

absl::StatusOr<v1::Subscription> Orders::GetSubscription(
    const Caller& caller, const v1::GetSubscriptionRequest& request) {
  return db_.Read(caller, "subscriptions.get",
                  [&](pg::Transaction& tx) -> absl::StatusOr<v1::Subscription> {
                    auto subscription = subscriptions_.Get(tx, Segment(request.name(), 3));
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
                    paging::Rows<v1::Subscription> found;
                    found.rows = subscriptions_.List(tx, ListPosition::From(*after), limit + 1);
                    if (paging::Fill(std::move(found), limit, *response.mutable_subscriptions())) {
                      response.set_next_page_token(tokens_.Make(
                          caller, request, PositionOf(*response.subscriptions().rbegin())));
                    }
                    return response;
                  });
}

}  // namespace sockel::catalog
