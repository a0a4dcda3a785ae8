#include "services/catalog/orders/orders.h"

#include <google/protobuf/util/message_differencer.h>

#include <thread>
#include <vector>

#include "common/error/error.h"
#include "services/catalog/catalog_fixture.h"

namespace sockel::catalog {
namespace {

using google::protobuf::util::MessageDifferencer;

class OrdersTest : public CatalogTest {
 protected:
  // Names in the list, page by page, each page a list.
  std::vector<std::vector<std::string>> Pages(const Caller& caller, int page_size = 1000) {
    v1::ListOrdersRequest request;
    request.set_page_size(page_size);
    std::vector<std::vector<std::string>> pages;
    do {
      auto page = orders_.List(caller, request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return pages;
      EXPECT_LT(page->ByteSizeLong(), std::size_t{2} << 20);
      pages.emplace_back();
      for (const v1::Order& order : page->orders()) pages.back().push_back(order.name());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return pages;
  }
};

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
  EXPECT_EQ(error::ReasonOf(order.status()), "PARAMETERS_INVALID");
}

TEST_F(OrdersTest, RefusesADraftAndAnUnknownPlan) {
  EXPECT_EQ(CreateOrder(Ministry(), "{}").status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(CreateOffering("efile").ok());
  ASSERT_TRUE(CreatePlan("efile").ok());
  EXPECT_EQ(CreateOrder(Ministry(), "{}").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(error::ReasonOf(CreateOrder(Provider(), R"({"tenant_code": "smi"})").status()),
            "OFFERING_NOT_PUBLISHED");
}

TEST_F(OrdersTest, AMinistryCannotOrderForAnother) {
  PublishEfile();
  auto order = CreateOrder(Ministry("smi"), R"({"tenant_code": "smf"})");
  EXPECT_EQ(order.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(CreateOrder(Provider(), R"({"tenant_code": "smf"})").ok());
}

// Else it would be an order of the provider for itself.
TEST_F(OrdersTest, RefusesATenantCodeThatIsNoText) {
  for (const char* code : {"5", "null", "true", R"(["smf"])", R"({"code": "smf"})"}) {
    const std::string parameters = std::string(R"({"tenant_code": )") + code + "}";
    const auto beneficiary = Beneficiary("provider", *StructFromJson(parameters));
    EXPECT_EQ(error::ReasonOf(beneficiary.status()), "FIELD_INVALID") << code;
    EXPECT_EQ(beneficiary.status().message(), "order.parameters.tenant_code: must be a text");
  }
  EXPECT_EQ(*Beneficiary("provider", *StructFromJson(R"({"tenant_code": "smf"})")), "smf");
  EXPECT_EQ(*Beneficiary("provider", *StructFromJson("{}")), "provider");
}

TEST_F(OrdersTest, IsApprovedByAnotherPersonOnly) {
  PublishEfile();
  auto order = CreateOrder(Ministry(), "{}");
  EXPECT_EQ(error::ReasonOf(Approve(Ministry(), *order).status()), "OWN_ORDER");
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
  EXPECT_EQ(error::ReasonOf(Approve(application, *order).status()), "OWN_ORDER");
}

TEST_F(OrdersTest, WhoOrderedThroughAnApplicationCannotApprove) {
  PublishEfile();
  Caller portal = testing::MakeCaller("smi", "tenants/smi/serviceAccounts/portal");
  portal.on_behalf_of = "tenants/smi/users/admin";
  auto order = CreateOrder(portal, "{}");
  ASSERT_TRUE(order.ok()) << order.status();
  EXPECT_EQ(order->requester(), "tenants/smi/serviceAccounts/portal");
  EXPECT_EQ(order->on_behalf_of(), "tenants/smi/users/admin");
  for (const Caller& caller : {Ministry("smi", "admin"), portal}) {
    EXPECT_EQ(error::ReasonOf(Approve(caller, *order).status()), "OWN_ORDER") << caller.subject;
  }
  EXPECT_TRUE(Approve(Ministry("smi", "budget-holder"), *order).ok());
}

TEST_F(OrdersTest, TheAnswerIsWhatIsReadAfterwards) {
  PublishEfile();
  auto order = CreateOrder(Ministry(), R"({"seats": 5, "more": [1.5, {"a": null}]})");
  ASSERT_TRUE(order.ok()) << order.status();
  EXPECT_TRUE(MessageDifferencer::Equals(*order, *GetOrder(Ministry(), order->name())));
  clock_.Advance(absl::Seconds(1));
  auto approved = Approve(Ministry("smi", "boss"), *order);
  ASSERT_TRUE(approved.ok()) << approved.status();
  EXPECT_TRUE(MessageDifferencer::Equals(*approved, *GetOrder(Ministry(), order->name())));
  auto other = CreateOrder(Ministry(), "{}");
  v1::RejectOrderRequest reject;
  reject.set_name(other->name());
  reject.set_reason("no budget");
  auto rejected = orders_.Reject(Ministry("smi", "boss"), reject);
  ASSERT_TRUE(rejected.ok()) << rejected.status();
  EXPECT_TRUE(MessageDifferencer::Equals(*rejected, *GetOrder(Ministry(), other->name())));
}

TEST_F(OrdersTest, OfTwoDecisionsAtTheSameTimeOneCounts) {
  PublishEfile();
  for (int round = 0; round < 10; ++round) {
    auto order = CreateOrder(Ministry(), "{}");
    absl::Status approved;
    absl::Status rejected;
    std::thread approver([&] { approved = Approve(Ministry("smi", "boss"), *order).status(); });
    v1::RejectOrderRequest reject;
    reject.set_name(order->name());
    reject.set_reason("no budget");
    rejected = orders_.Reject(Ministry("smi", "other"), reject).status();
    approver.join();
    ASSERT_NE(approved.ok(), rejected.ok()) << approved << rejected;
    const absl::Status& loser = approved.ok() ? rejected : approved;
    EXPECT_EQ(error::ReasonOf(loser), "ORDER_NOT_SUBMITTED");
    EXPECT_EQ(GetOrder(Ministry(), order->name())->state(),
              approved.ok() ? v1::Order::PROVISIONING : v1::Order::REJECTED);
  }
}

TEST_F(OrdersTest, RefusesParametersThatAreTooLarge) {
  PublishEfile();
  const absl::Status status =
      CreateOrder(Ministry(), StructOf("note", kMostParameterBytes + 1)).status();
  EXPECT_EQ(error::ReasonOf(status), "FIELD_INVALID");
  EXPECT_TRUE(CreateOrder(Ministry(), StructOf("note", kMostParameterBytes)).ok());
}

TEST_F(OrdersTest, APageFitsIntoAMessageWhateverWasOrdered) {
  PublishEfile();
  const google::protobuf::Struct large = StructOf("note", kMostParameterBytes);
  std::vector<std::string> newest_first;
  for (int i = 0; i < 40; ++i) {
    clock_.Advance(absl::Seconds(1));
    newest_first.insert(newest_first.begin(), CreateOrder(Ministry(), large)->name());
  }
  for (const Caller& caller : {Ministry(), Provider().InTenant("*")}) {
    const auto pages = Pages(caller);
    EXPECT_GT(pages.size(), 1u);
    std::vector<std::string> names;
    for (const auto& page : pages) names.insert(names.end(), page.begin(), page.end());
    EXPECT_EQ(names, newest_first) << caller.tenant;
  }
}

// 11 bytes each in a message, 302 in the database.
TEST_F(OrdersTest, WhatIsLargeInTheDatabaseOnlyIsNotReadAllAtOnce) {
  PublishEfile();
  google::protobuf::Struct numbers;
  auto& list = *(*numbers.mutable_fields())["n"].mutable_list_value();
  for (int i = 0; i < 5000; ++i) list.add_values()->set_number_value(1e-300);
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(absl::Seconds(1));
    ASSERT_TRUE(CreateOrder(Ministry(), numbers).ok());
  }
  const auto pages = Pages(Ministry());
  ASSERT_EQ(pages.size(), 3u);
  for (const auto& page : pages) EXPECT_EQ(page.size(), 1u);
}

TEST_F(OrdersTest, TheProviderListsThoseOfAllTenantsNewestFirst) {
  PublishEfile();
  std::vector<std::string> newest_first;
  for (const char* tenant : {"smi", "smf", "smi"}) {
    clock_.Advance(absl::Seconds(1));
    newest_first.insert(newest_first.begin(), CreateOrder(Ministry(tenant), "{}")->name());
  }
  const auto pages = Pages(Provider().InTenant("*"), 2);
  ASSERT_EQ(pages.size(), 2u);
  EXPECT_EQ(pages[0], std::vector<std::string>(newest_first.begin(), newest_first.begin() + 2));
  EXPECT_EQ(pages[1], std::vector<std::string>(newest_first.begin() + 2, newest_first.end()));
}

TEST_F(OrdersTest, IsDecidedOnce) {
  PublishEfile();
  auto order = CreateOrder(Ministry(), "{}");
  v1::RejectOrderRequest reject;
  reject.set_name(order->name());
  reject.set_reason("no budget");
  EXPECT_EQ(orders_.Reject(Ministry("smi", "boss"), reject)->state(), v1::Order::REJECTED);
  EXPECT_EQ(error::ReasonOf(Approve(Ministry("smi", "boss"), *order).status()),
            "ORDER_NOT_SUBMITTED");
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
