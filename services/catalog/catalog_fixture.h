#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "common/pg/database.h"
#include "common/testing/callers.h"
#include "common/testing/fake_clock.h"
#include "common/testing/test_database.h"
#include "services/catalog/offerings/offerings.h"
#include "services/catalog/orders/orders.h"
#include "services/catalog/parameters.h"
#include "services/catalog/service.h"

namespace sockel::catalog {

// A catalog on a database of its own, without server.
class CatalogTest : public ::testing::Test {
 protected:
  Caller Provider(const std::string& user = "clerk") {
    return testing::MakeCaller("provider", "tenants/provider/users/" + user, {"operator"});
  }
  Caller Ministry(const std::string& tenant = "smi", const std::string& user = "admin") {
    return testing::MakeCaller(tenant, "tenants/" + tenant + "/users/" + user, {"tenant-admin"});
  }

  absl::StatusOr<v1::Offering> CreateOffering(const std::string& id) {
    v1::CreateOfferingRequest request;
    request.set_offering_id(id);
    request.mutable_offering()->set_title("E-Akte");
    return offerings_.Create(Provider(), request);
  }

  static v1::CreatePlanRequest PlanRequest(const std::string& offering, const std::string& id) {
    v1::CreatePlanRequest request;
    request.set_parent("offerings/" + offering);
    request.set_plan_id(id);
    request.mutable_plan()->set_title("Standard");
    *request.mutable_plan()->mutable_parameters_schema() =
        *StructFromJson(R"({"type":"object","properties":{"tenant_code":{"type":"string"},
                            "seats":{"type":"integer","minimum":1}}})");
    request.mutable_plan()->mutable_monthly_price()->set_currency_code("EUR");
    request.mutable_plan()->mutable_monthly_price()->set_units(100);
    for (const char* service : {"identity", "efile"}) {
      request.mutable_plan()->add_steps()->set_service(service);
    }
    return request;
  }

  absl::StatusOr<v1::Plan> CreatePlan(const std::string& offering,
                                      const std::string& id = "standard") {
    return offerings_.CreatePlan(Provider(), PlanRequest(offering, id));
  }

  absl::StatusOr<v1::Offering> Publish(const std::string& offering) {
    v1::PublishOfferingRequest request;
    request.set_name("offerings/" + offering);
    return offerings_.Publish(Provider(), request);
  }

  void PublishEfile() {
    ASSERT_TRUE(CreateOffering("efile").ok());
    ASSERT_TRUE(CreatePlan("efile").ok());
    ASSERT_TRUE(Publish("efile").ok());
  }

  absl::StatusOr<v1::Order> CreateOrder(const Caller& caller,
                                        const google::protobuf::Struct& parameters) {
    v1::CreateOrderRequest request;
    request.set_parent("tenants/" + caller.tenant);
    request.mutable_order()->set_plan("offerings/efile/plans/standard");
    *request.mutable_order()->mutable_parameters() = parameters;
    return orders_.Create(caller, request);
  }
  absl::StatusOr<v1::Order> CreateOrder(const Caller& caller, const std::string& parameters) {
    return CreateOrder(caller, *StructFromJson(parameters));
  }

  // An object of that many bytes, in which `key` is a text.
  static google::protobuf::Struct StructOf(const std::string& key, std::size_t bytes) {
    google::protobuf::Struct value;
    std::string& text = *(*value.mutable_fields())[key].mutable_string_value();
    text.assign(bytes, 'x');
    text.resize(2 * bytes - value.ByteSizeLong());
    return value;
  }

  absl::StatusOr<v1::Order> Approve(const Caller& caller, const v1::Order& order) {
    v1::ApproveOrderRequest request;
    request.set_name(order.name());
    return orders_.Approve(caller, request);
  }

  absl::StatusOr<v1::Order> GetOrder(const Caller& caller, const std::string& name) {
    v1::GetOrderRequest request;
    request.set_name(name);
    return orders_.Get(caller, request);
  }

  testing::TestDatabase database_{Spec().migrations};
  testing::FakeClock clock_;
  pg::Pool pool_{{.conninfo = database_.conninfo()}};
  pg::Database db_{pool_, clock_};
  paging::Tokens tokens_{std::string(32, 'k')};
  Offerings offerings_{db_, tokens_, {"identity", "efile", "notification"}};
  Orders orders_{db_, clock_, tokens_};
};

}  // namespace sockel::catalog
