#include "services/catalog/orders/orders.h"

#include "common/error/error.h"
#include "services/catalog/catalog_fixture.h"
#include "sockel/catalog/v1/errors.pb.h"

namespace sockel::catalog {
namespace {

using OrdersTest = CatalogTest;

TEST_F(OrdersTest, FreezesThePriceAndWaitsForADecision) {
  PublishEfile();
  auto order = CreateOrder(Ministry(), R"({"seats": 5})");
  ASSERT_TRUE(order.ok()) << order.status();
  EXPECT_EQ(order->state(), v1::Order::SUBMITTED);
  EXPECT_EQ(order->monthly_price().units(), 100);
  EXPECT_EQ(order->requester(), "tenants/smi/users/admin");
  ASSERT_EQ(order->steps_size(), 3);
  EXPECT_EQ(order->steps(2).service(), "activation");
}

TEST_F(OrdersTest, RefusesParametersThatDoNotFit) {
  PublishEfile();
  auto order = CreateOrder(Ministry(), R"({"seats": 0})");
  EXPECT_EQ(error::ReasonOf(order.status()), v1::ErrorReason_Name(v1::PARAMETERS_INVALID));
}

TEST_F(OrdersTest, RefusesADraftAndAnUnknownPlan) {
  EXPECT_EQ(CreateOrder(Ministry(), "{}").status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(CreateOffering("efile").ok());
  ASSERT_TRUE(CreatePlan("efile").ok());
  EXPECT_EQ(CreateOrder(Ministry(), "{}").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(error::ReasonOf(CreateOrder(Provider(), R"({"tenant_code": "smi"})").status()),
            v1::ErrorReason_Name(v1::OFFERING_NOT_PUBLISHED));
}

TEST_F(OrdersTest, AMinistryCannotOrderForAnother) {
  PublishEfile();
  auto order = CreateOrder(Ministry("smi"), R"({"tenant_code": "smf"})");
  EXPECT_EQ(order.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(CreateOrder(Provider(), R"({"tenant_code": "smf"})").ok());
}

TEST_F(OrdersTest, IsApprovedByAnotherPersonOnly) {
  PublishEfile();
  auto order = CreateOrder(Ministry(), "{}");
  EXPECT_EQ(error::ReasonOf(Approve(Ministry(), *order).status()),
            v1::ErrorReason_Name(v1::OWN_ORDER));
  auto approved = Approve(Ministry("smi", "budget-holder"), *order);
  ASSERT_TRUE(approved.ok()) << approved.status();
  EXPECT_EQ(approved->state(), v1::Order::PROVISIONING);
  EXPECT_EQ(approved->decision().decider(), "tenants/smi/users/budget-holder");
}

TEST_F(OrdersTest, AnApplicationCannotApproveForThePersonWhoOrdered) {
  PublishEfile();
  auto order = CreateOrder(Ministry(), "{}");
  Caller application = Ministry("smi", "portal");
  application.on_behalf_of = "tenants/smi/users/admin";
  EXPECT_EQ(error::ReasonOf(Approve(application, *order).status()),
            v1::ErrorReason_Name(v1::OWN_ORDER));
}

TEST_F(OrdersTest, IsDecidedOnce) {
  PublishEfile();
  auto order = CreateOrder(Ministry(), "{}");
  v1::RejectOrderRequest reject;
  reject.set_name(order->name());
  reject.set_reason("no budget");
  EXPECT_EQ(orders_.Reject(Ministry("smi", "boss"), reject)->state(), v1::Order::REJECTED);
  EXPECT_EQ(error::ReasonOf(Approve(Ministry("smi", "boss"), *order).status()),
            v1::ErrorReason_Name(v1::ORDER_NOT_SUBMITTED));
}

TEST_F(OrdersTest, AnotherTenantSeesNothingOfIt) {
  PublishEfile();
  auto order = CreateOrder(Ministry("smi"), "{}");
  EXPECT_EQ(GetOrder(Ministry("smf"), order->name()).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Approve(Ministry("smf"), *order).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(orders_.List(Ministry("smf"), {})->orders_size(), 0);
}

TEST_F(OrdersTest, AnIdThatIsNoUuidNamesNothing) {
  EXPECT_EQ(GetOrder(Ministry("smi"), "tenants/smi/orders/1").status().code(),
            absl::StatusCode::kNotFound);
  v1::Order order;
  order.set_name("tenants/smi/orders/1");
  EXPECT_EQ(Approve(Ministry("smi"), order).status().code(), absl::StatusCode::kNotFound);
  v1::GetSubscriptionRequest request;
  request.set_name("tenants/smi/subscriptions/1");
  EXPECT_EQ(orders_.GetSubscription(Ministry("smi"), request).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(OrdersTest, ListsNewestFirstPageByPage) {
  PublishEfile();
  std::vector<std::string> names;
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(absl::Seconds(1));
    names.push_back(CreateOrder(Ministry(), "{}")->name());
  }
  v1::ListOrdersRequest request;
  request.set_page_size(2);
  auto first = orders_.List(Ministry(), request);
  ASSERT_EQ(first->orders_size(), 2);
  EXPECT_EQ(first->orders(0).name(), names[2]);
  request.set_page_token(first->next_page_token());
  auto second = orders_.List(Ministry(), request);
  ASSERT_EQ(second->orders_size(), 1);
  EXPECT_EQ(second->orders(0).name(), names[0]);
}

TEST_F(OrdersTest, ARepeatWithTheSameRequestIdIsTheSameOrder) {
  PublishEfile();
  const Caller caller = testing::WithRequestId(Ministry());
  auto first = CreateOrder(caller, "{}");
  auto again = CreateOrder(caller, "{}");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(first->SerializeAsString(), again->SerializeAsString());
  EXPECT_EQ(orders_.List(Ministry(), {})->orders_size(), 1);
}

}  // namespace
}  // namespace sockel::catalog
