#include "common/rpc/known_types.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include "absl/time/civil_time.h"
#include "google/type/date.pb.h"

namespace sockel::rpc {
namespace {

constexpr int32_t kNanos = 1'000'000'000;

// Years 1 to 9999, as timestamp.proto demands.
bool IsValid(const google::protobuf::Timestamp& time) {
  return time.seconds() >= -62'135'596'800 && time.seconds() <= 253'402'300'799 &&
         time.nanos() >= 0 && time.nanos() < kNanos;
}

// About 10,000 years, as duration.proto demands; both parts of one sign.
bool IsValid(const google::protobuf::Duration& duration) {
  constexpr int64_t kMostSeconds = 315'576'000'000;
  return duration.seconds() >= -kMostSeconds && duration.seconds() <= kMostSeconds &&
         duration.nanos() > -kNanos && duration.nanos() < kNanos &&
         (duration.seconds() == 0 || duration.nanos() == 0 ||
          (duration.seconds() < 0) == (duration.nanos() < 0));
}

bool IsValid(const google::type::Date& date) {
  if (date.year() < 1 || date.year() > 9999) return false;
  const absl::CivilDay day(date.year(), date.month(), date.day());
  return day.month() == date.month() && day.day() == date.day();
}

}  // namespace

std::string_view WhatIsWrongWith(const google::protobuf::Message& message,
                                 FieldPlan::Meaning meaning) {
  switch (meaning) {
    case FieldPlan::Meaning::kTimestamp:
      if (IsValid(static_cast<const google::protobuf::Timestamp&>(message))) return {};
      return "must be a time in the years 1 to 9999";
    case FieldPlan::Meaning::kDuration:
      if (IsValid(static_cast<const google::protobuf::Duration&>(message))) return {};
      return "must be a duration with seconds and nanos of one sign";
    case FieldPlan::Meaning::kDate:
      if (IsValid(static_cast<const google::type::Date&>(message))) return {};
      return "must be a day of the calendar, with year, month and day";
    case FieldPlan::Meaning::kNone:
    case FieldPlan::Meaning::kPageSize:
    case FieldPlan::Meaning::kRequestId:
      break;
  }
  return {};
}

}  // namespace sockel::rpc
