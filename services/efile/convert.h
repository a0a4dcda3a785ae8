#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/civil_time.h"
#include "google/type/date.pb.h"
#include "sockel/efile/v1/retention.pb.h"

// Between database columns and messages, for all stores.
namespace sockel::efile {

google::type::Date ToDate(absl::CivilDay day);
// Nothing when the message is not given, or no day of the calendar.
std::optional<absl::CivilDay> ToDay(const google::type::Date& date);

// `years`: nothing for unlimited. `disposition`: name of the enum value.
v1::Retention RetentionOf(std::optional<int> years, const std::string& disposition);
// Value of retention_years: nothing for unlimited.
std::optional<int> YearsOf(const v1::Retention& retention);

// The value of an enum that is stored by name; 0 for a name unknown to this
// version.
template <typename Enum>
Enum EnumFrom(const std::string& name, bool (*parse)(google::protobuf::ConstStringParam, Enum*)) {
  Enum value{};
  parse(name, &value);
  return value;
}

}  // namespace sockel::efile
