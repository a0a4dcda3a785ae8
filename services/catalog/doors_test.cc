#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/auth/roles.h"
#include "common/error/error.h"
#include "common/error/grpc_status.h"
#include "common/error/payload.h"
#include "common/rpc/testing/in_process_server.h"
#include "services/catalog/catalog_fixture.h"
#include "services/catalog/names.h"
#include "services/catalog/offerings/offering_service.h"
#include "services/catalog/orders/order_service.h"
#include "services/catalog/orders/order_store.h"

namespace sockel::catalog {
namespace {

using error::ReasonOf;
using rpc::testing::InProcessServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using OfferingStub = v1::OfferingService::Stub;
using OrderStub = v1::OrderService::Stub;
using SubscriptionStub = v1::SubscriptionService::Stub;

// A role and the tenant of who has it.
using RoleIn = std::pair<std::string, std::string>;

// The doors in a real server, with the real roles.
class DoorsTest : public CatalogTest {
 protected:
  using Context = std::unique_ptr<grpc::ClientContext>;

  void SetUp() override {
    server_.Serve({&offering_door_, &order_door_, &subscription_door_});
    offering_stub_ = v1::OfferingService::NewStub(server_.channel());
    order_stub_ = v1::OrderService::NewStub(server_.channel());
    subscription_stub_ = v1::SubscriptionService::NewStub(server_.channel());
  }
  void TearDown() override { server_.Stop(); }

  static Context As(const std::string& role, const std::string& tenant = "smi",
                    const std::string& user = "anna") {
    return InProcessServer::Context(tenant, {role}, user);
  }
  static Context As(const RoleIn& who) { return As(who.first, who.second); }
  static Context Admin(const std::string& tenant = "smi") { return As("tenant-admin", tenant); }
  static Context Operator(const std::string& user = "clerk") {
    return As("operator", "provider", user);
  }

  // The answer, or the error as a client reads it.
  template <typename Stub, typename Request, typename Response>
  static absl::StatusOr<Response> Call(const Context& as, Stub& stub,
                                       grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                    const Request&, Response*),
                                       const Request& request) {
    Response response;
    const grpc::Status status = (stub.*method)(as.get(), request, &response);
    if (!status.ok()) return error::FromGrpc(status);
    return response;
  }

  absl::StatusOr<v1::Offering> Offer(const Context& as, const std::string& id) {
    v1::CreateOfferingRequest request;
    request.set_offering_id(id);
    request.mutable_offering()->set_title("E-Akte");
    return Call(as, *offering_stub_, &OfferingStub::CreateOffering, request);
  }
  absl::StatusOr<v1::Plan> AddPlan(const Context& as, const std::string& id) {
    return Call(as, *offering_stub_, &OfferingStub::CreatePlan, PlanRequest("efile", id));
  }
  absl::StatusOr<v1::Offering> PublishIt(const Context& as) {
    v1::PublishOfferingRequest request;
    request.set_name("offerings/efile");
    return Call(as, *offering_stub_, &OfferingStub::PublishOffering, request);
  }
  absl::StatusOr<std::vector<std::string>> Offered(const Context& as) {
    auto listed = Call(as, *offering_stub_, &OfferingStub::ListOfferings, {});
    if (!listed.ok()) return listed.status();
    return NamesOf(listed->offerings());
  }

  static v1::CreateOrderRequest OrderFor(const std::string& tenant,
                                         const std::string& parameters = "{}") {
    v1::CreateOrderRequest request;
    request.set_parent("tenants/" + tenant);
    request.mutable_order()->set_plan("offerings/efile/plans/standard");
    *request.mutable_order()->mutable_parameters() = *StructFromJson(parameters);
    return request;
  }
  absl::StatusOr<v1::Order> Place(const Context& as, const v1::CreateOrderRequest& request) {
    return Call(as, *order_stub_, &OrderStub::CreateOrder, request);
  }
  absl::StatusOr<v1::Order> Read(const Context& as, const std::string& order) {
    v1::GetOrderRequest request;
    request.set_name(order);
    return Call(as, *order_stub_, &OrderStub::GetOrder, request);
  }
  absl::StatusOr<v1::Order> ApproveIt(const Context& as, const std::string& order) {
    v1::ApproveOrderRequest request;
    request.set_name(order);
    return Call(as, *order_stub_, &OrderStub::ApproveOrder, request);
  }
  absl::StatusOr<v1::Order> RejectIt(const Context& as, const std::string& order,
                                     const std::string& reason) {
    v1::RejectOrderRequest request;
    request.set_name(order);
    request.set_reason(reason);
    return Call(as, *order_stub_, &OrderStub::RejectOrder, request);
  }
  absl::StatusOr<std::vector<std::string>> OrdersOf(const Context& as, const std::string& parent) {
    v1::ListOrdersRequest request;
    request.set_parent(parent);
    auto listed = Call(as, *order_stub_, &OrderStub::ListOrders, request);
    if (!listed.ok()) return listed.status();
    return NamesOf(listed->orders());
  }

  absl::StatusOr<v1::Subscription> ReadSubscription(const Context& as, const std::string& name) {
    v1::GetSubscriptionRequest request;
    request.set_name(name);
    return Call(as, *subscription_stub_, &SubscriptionStub::GetSubscription, request);
  }
  absl::StatusOr<std::vector<std::string>> SubscriptionsOf(const Context& as,
                                                           const std::string& parent) {
    v1::ListSubscriptionsRequest request;
    request.set_parent(parent);
    auto listed = Call(as, *subscription_stub_, &SubscriptionStub::ListSubscriptions, request);
    if (!listed.ok()) return listed.status();
    return NamesOf(listed->subscriptions());
  }

  template <typename Resources>
  static std::vector<std::string> NamesOf(const Resources& resources) {
    std::vector<std::string> names;
    for (const auto& resource : resources) names.push_back(resource.name());
    return names;
  }

  // Placed by the administrator of that tenant.
  std::string OrderIn(const std::string& tenant) {
    auto order = Place(Admin(tenant), OrderFor(tenant));
    EXPECT_TRUE(order.ok()) << order.status();
    return order.ok() ? order->name() : "";
  }

  // What an order of that tenant became, as if its steps had been taken.
  std::string SubscriptionIn(const std::string& tenant) {
    EXPECT_TRUE(ApproveIt(Operator(), OrderIn(tenant)).ok());
    OrderStore store;
    std::optional<Work> work;
    const absl::Status leased =
        db_.Write(Caller::System("*"), "test.lease", [&](pg::WriteTransaction& tx) -> absl::Status {
          work = store.Lease(tx, clock_.Now(), absl::Minutes(1));
          return absl::OkStatus();
        });
    EXPECT_TRUE(leased.ok()) << leased;
    if (!work.has_value()) {
      ADD_FAILURE() << "no order is due";
      return "";
    }
    const absl::Status completed = db_.Write(
        Caller::System(tenant), "test.complete", [&](pg::WriteTransaction& tx) -> absl::Status {
          return store.Complete(tx, *work) ? absl::OkStatus()
                                           : absl::AbortedError("the lease was lost");
        });
    EXPECT_TRUE(completed.ok()) << completed;
    return SubscriptionName(tenant, work->subscription_id);
  }

  InProcessServer server_{{.domain = "catalog.sockel", .allows = &auth::Allows}};
  OfferingDoor offering_door_{server_.dispatcher(), offerings_};
  OrderDoor order_door_{server_.dispatcher(), orders_};
  SubscriptionDoor subscription_door_{server_.dispatcher(), orders_};
  std::unique_ptr<OfferingStub> offering_stub_;
  std::unique_ptr<OrderStub> order_stub_;
  std::unique_ptr<SubscriptionStub> subscription_stub_;
};

TEST_F(DoorsTest, EveryRpcDeclaresItsPermission) {
  EXPECT_TRUE(server_.dispatcher().status().ok()) << server_.dispatcher().status();
}

TEST_F(DoorsTest, WhatTheProviderOffersAMinistryOrders) {
  const auto offering = Offer(Operator(), "efile");
  ASSERT_TRUE(offering.ok()) << offering.status();
  const auto plan = AddPlan(Operator(), "standard");
  ASSERT_TRUE(plan.ok()) << plan.status();
  const auto published = PublishIt(Operator());
  ASSERT_TRUE(published.ok()) << published.status();

  const auto order = Place(Admin(), OrderFor("smi", R"({"seats": 5})"));
  ASSERT_TRUE(order.ok()) << order.status();
  EXPECT_EQ(order->state(), v1::Order::SUBMITTED);
  EXPECT_EQ(order->requester(), "tenants/smi/users/anna");
  const auto approved = ApproveIt(Operator("boss"), order->name());
  ASSERT_TRUE(approved.ok()) << approved.status();
  EXPECT_EQ(approved->decision().decider(), "tenants/provider/users/boss");
  const auto read = Read(Admin(), order->name());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->state(), v1::Order::PROVISIONING);
}

TEST_F(DoorsTest, OnlyTheProvidersStaffWritesTheCatalog) {
  ASSERT_TRUE(CreateOffering("efile").ok());
  ASSERT_TRUE(CreatePlan("efile").ok());
  for (const RoleIn& who : {RoleIn("tenant-admin", "smi"), RoleIn("operator", "smi"),
                            RoleIn("tenant-admin", "provider"), RoleIn("service", "provider"),
                            RoleIn("provisioner", "provider")}) {
    SCOPED_TRACE(who.first + " of " + who.second);
    EXPECT_EQ(ReasonOf(Offer(As(who), "mine").status()), "PERMISSION_MISSING");
    EXPECT_EQ(ReasonOf(AddPlan(As(who), "mine").status()), "PERMISSION_MISSING");
    EXPECT_EQ(ReasonOf(PublishIt(As(who)).status()), "PERMISSION_MISSING");
  }
  EXPECT_TRUE(PublishIt(Operator()).ok());
}

TEST_F(DoorsTest, WhoeverIsSignedInSeesWhatIsPublishedAndTheProviderItsDraftsToo) {
  PublishEfile();
  ASSERT_TRUE(CreateOffering("draft").ok());
  for (const char* role : {"reader", "caseworker", "auditor", "tenant-admin"}) {
    const auto offered = Offered(As(role));
    ASSERT_TRUE(offered.ok()) << role << ": " << offered.status();
    EXPECT_THAT(*offered, ElementsAre("offerings/efile")) << role;
  }
  const auto all = Offered(Operator());
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_THAT(*all, ElementsAre("offerings/draft", "offerings/efile"));
  EXPECT_EQ(ReasonOf(Offered(InProcessServer::Anonymous()).status()), "TOKEN_MISSING");
}

TEST_F(DoorsTest, OfAMinistryOnlyItsAdministratorOrdersAndSeesOrders) {
  PublishEfile();
  const std::string order = OrderIn("smi");
  for (const char* role : {"reader", "caseworker", "records-manager", "application", "auditor"}) {
    SCOPED_TRACE(role);
    EXPECT_EQ(ReasonOf(Place(As(role), OrderFor("smi")).status()), "PERMISSION_MISSING");
    EXPECT_EQ(ReasonOf(Read(As(role), order).status()), "PERMISSION_MISSING");
    EXPECT_EQ(ReasonOf(OrdersOf(As(role), "tenants/smi").status()), "PERMISSION_MISSING");
  }
  const auto orders = OrdersOf(Admin(), "tenants/smi");
  ASSERT_TRUE(orders.ok()) << orders.status();
  EXPECT_THAT(*orders, ElementsAre(order));
}

TEST_F(DoorsTest, AMinistryHasNoPartInTheOrdersOfAnother) {
  PublishEfile();
  const std::string order = OrderIn("smi");
  EXPECT_EQ(ReasonOf(Place(Admin("smf"), OrderFor("smi")).status()), "PERMISSION_MISSING");
  EXPECT_EQ(ReasonOf(Read(Admin("smf"), order).status()), "PERMISSION_MISSING");
  EXPECT_EQ(ReasonOf(OrdersOf(Admin("smf"), "tenants/smi").status()), "PERMISSION_MISSING");
  // Nor by the same id under its own name.
  const auto own = Read(Admin("smf"), OrderName("smf", Segment(order, 3)));
  EXPECT_EQ(own.status().code(), absl::StatusCode::kNotFound) << own.status();
  const auto orders = OrdersOf(Admin("smf"), "tenants/smf");
  ASSERT_TRUE(orders.ok()) << orders.status();
  EXPECT_THAT(*orders, IsEmpty());
}

TEST_F(DoorsTest, OnlyTheProvidersStaffListsWhatAllTenantsOrdered) {
  PublishEfile();
  const std::string first = SubscriptionIn("smi");
  clock_.Advance(absl::Seconds(1));
  const std::string second = SubscriptionIn("smf");
  for (const RoleIn& who : {RoleIn("tenant-admin", "smi"), RoleIn("operator", "smi"),
                            RoleIn("tenant-admin", "provider"), RoleIn("auditor", "provider"),
                            RoleIn("service", "provider"), RoleIn("provisioner", "provider")}) {
    SCOPED_TRACE(who.first + " of " + who.second);
    EXPECT_EQ(ReasonOf(OrdersOf(As(who), "tenants/-").status()), "PERMISSION_MISSING");
    EXPECT_EQ(ReasonOf(SubscriptionsOf(As(who), "tenants/-").status()), "PERMISSION_MISSING");
  }
  const auto subscriptions = SubscriptionsOf(Operator(), "tenants/-");
  ASSERT_TRUE(subscriptions.ok()) << subscriptions.status();
  EXPECT_THAT(*subscriptions, ElementsAre(second, first));
  const auto orders = OrdersOf(Operator(), "tenants/-");
  ASSERT_TRUE(orders.ok()) << orders.status();
  EXPECT_THAT(*orders, ElementsAre(HasSubstr("tenants/smf/"), HasSubstr("tenants/smi/")));
}

TEST_F(DoorsTest, AllTenantsAreForListsOnly) {
  PublishEfile();
  const std::string order = OrderIn("smi");
  EXPECT_EQ(ReasonOf(Place(Operator(), OrderFor("-")).status()), "FIELD_INVALID");
  const std::string anywhere = OrderName("-", Segment(order, 3));
  EXPECT_EQ(ReasonOf(Read(Operator(), anywhere).status()), "FIELD_INVALID");
  EXPECT_EQ(ReasonOf(ApproveIt(Operator(), anywhere).status()), "FIELD_INVALID");
}

TEST_F(DoorsTest, ASubscriptionIsSeenByWhoOrderedItAndByTheProvider) {
  PublishEfile();
  const std::string name = SubscriptionIn("smi");
  SubscriptionIn("smf");
  for (const Context& as : {Admin(), Operator()}) {
    const auto read = ReadSubscription(as, name);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->beneficiary(), "smi");
  }
  const auto own = SubscriptionsOf(Admin(), "tenants/smi");
  ASSERT_TRUE(own.ok()) << own.status();
  EXPECT_THAT(*own, ElementsAre(name));
  EXPECT_EQ(ReasonOf(ReadSubscription(Admin("smf"), name).status()), "PERMISSION_MISSING");
  EXPECT_EQ(ReasonOf(ReadSubscription(As("caseworker"), name).status()), "PERMISSION_MISSING");
  EXPECT_EQ(ReasonOf(SubscriptionsOf(As("caseworker"), "tenants/smi").status()),
            "PERMISSION_MISSING");
}

TEST_F(DoorsTest, OnlyTheProvidersStaffDecides) {
  PublishEfile();
  const std::string order = OrderIn("smi");
  for (const RoleIn& who :
       {RoleIn("tenant-admin", "smi"), RoleIn("operator", "smi"),
        RoleIn("tenant-admin", "provider"), RoleIn("provisioner", "provider")}) {
    SCOPED_TRACE(who.first + " of " + who.second);
    EXPECT_EQ(ReasonOf(ApproveIt(As(who), order).status()), "PERMISSION_MISSING");
    EXPECT_EQ(ReasonOf(RejectIt(As(who), order, "no budget").status()), "PERMISSION_MISSING");
  }
  const auto rejected = RejectIt(Operator(), order, "no budget");
  ASSERT_TRUE(rejected.ok()) << rejected.status();
  EXPECT_EQ(rejected->state(), v1::Order::REJECTED);
}

TEST_F(DoorsTest, WhoOrderedIsToldThatAnotherPersonApproves) {
  PublishEfile();
  const auto order = Place(Operator("clerk"), OrderFor("provider", R"({"tenant_code": "smf"})"));
  ASSERT_TRUE(order.ok()) << order.status();
  const absl::Status refused = ApproveIt(Operator("clerk"), order->name()).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied) << refused;
  EXPECT_EQ(ReasonOf(refused), "OWN_ORDER");
  EXPECT_TRUE(ApproveIt(Operator("boss"), order->name()).ok());
}

TEST_F(DoorsTest, MalformedInputIsRefusedWithItsField) {
  PublishEfile();
  const std::string order = OrderIn("smi");
  v1::CreateOrderRequest faulty = OrderFor("smi");
  faulty.mutable_order()->set_plan("offerings/../plans/standard");
  for (const auto& [status, field] :
       {std::pair(Place(Admin(), faulty).status(), "order.plan"),
        std::pair(Offer(Operator(), "E_Akte").status(), "offering_id"),
        std::pair(RejectIt(Operator(), order, "").status(), "reason")}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    const auto details = error::internal::GetPayload<google::rpc::BadRequest>(status);
    ASSERT_TRUE(details.has_value()) << status;
    EXPECT_EQ(details->field_violations(0).field(), field);
  }
}

TEST_F(DoorsTest, ParametersThatDoNotFitAreNamedToTheClient) {
  PublishEfile();
  const absl::Status status = Place(Admin(), OrderFor("smi", R"({"seats": 0})")).status();
  EXPECT_EQ(ReasonOf(status), "PARAMETERS_INVALID");
  const auto details = error::internal::GetPayload<google::rpc::BadRequest>(status);
  ASSERT_TRUE(details.has_value()) << status;
  EXPECT_EQ(details->field_violations(0).field(), "order.parameters.seats");
}

TEST_F(DoorsTest, ARepeatWithTheSameRequestIdOrdersOnce) {
  PublishEfile();
  v1::CreateOrderRequest request = OrderFor("smi");
  request.set_request_id("0190a1b2-0000-4000-8000-000000000001");
  const auto first = Place(Admin(), request);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto again = Place(Admin(), request);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->name(), first->name());
  const auto orders = OrdersOf(Admin(), "tenants/smi");
  ASSERT_TRUE(orders.ok()) << orders.status();
  EXPECT_THAT(*orders, ElementsAre(first->name()));
}

}  // namespace
}  // namespace sockel::catalog
