#include "services/catalog/names.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace sockel::catalog {

std::string OfferingName(const std::string& offering_id) {
  return absl::StrCat("offerings/", offering_id);
}

std::string PlanName(const std::string& offering_id, const std::string& plan_id) {
  return absl::StrCat("offerings/", offering_id, "/plans/", plan_id);
}

std::string OrderName(const std::string& tenant, const std::string& order_id) {
  return absl::StrCat("tenants/", tenant, "/orders/", order_id);
}

std::string SubscriptionName(const std::string& tenant, const std::string& subscription_id) {
  return absl::StrCat("tenants/", tenant, "/subscriptions/", subscription_id);
}

std::string Segment(const std::string& name, size_t index) {
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  return index < parts.size() ? parts[index] : std::string();
}

PlanKey PlanKeyFrom(const std::string& plan_name) {
  return {Segment(plan_name, 1), Segment(plan_name, 3)};
}

google::type::Money Price(const std::string& currency, std::int64_t units, std::int32_t nanos) {
  google::type::Money price;
  price.set_currency_code(currency);
  price.set_units(units);
  price.set_nanos(nanos);
  return price;
}

}  // namespace sockel::catalog
