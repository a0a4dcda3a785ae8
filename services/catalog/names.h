#pragma once

#include <cstdint>
#include <string>

#include <google/protobuf/generated_enum_reflection.h>

#include "google/type/money.pb.h"

// How the catalog's values are written: resource names, enums, prices.
namespace sockel::catalog {

struct PlanKey {
  std::string offering_id;
  std::string plan_id;
};

std::string OfferingName(const std::string& offering_id);
std::string PlanName(const std::string& offering_id, const std::string& plan_id);
std::string OrderName(const std::string& tenant, const std::string& order_id);
std::string SubscriptionName(const std::string& tenant, const std::string& subscription_id);

// `segment` 1, 3, … of a name whose pattern the dispatcher has checked:
// Segment("offerings/efile/plans/standard", 3) = "standard".
std::string Segment(const std::string& name, size_t index);
PlanKey PlanKeyFrom(const std::string& plan_name);

// `nanos`: billionths of a unit, of the same sign as `units`.
google::type::Money Price(const std::string& currency, std::int64_t units, std::int32_t nanos);

// The enum value of that name, or the zero value.
template <typename E>
E EnumFrom(const std::string& name) {
  const auto* value = google::protobuf::GetEnumDescriptor<E>()->FindValueByName(name);
  return value == nullptr ? static_cast<E>(0) : static_cast<E>(value->number());
}

}  // namespace sockel::catalog
