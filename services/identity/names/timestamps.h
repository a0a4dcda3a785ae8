#pragma once

#include <google/protobuf/timestamp.pb.h>

#include "absl/time/time.h"

namespace sockel::identity {

inline google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  google::protobuf::Timestamp stamp;
  const int64_t nanos = absl::ToUnixNanos(time);
  int64_t seconds = nanos / 1'000'000'000;
  int64_t rest = nanos % 1'000'000'000;
  if (rest < 0) {
    --seconds;
    rest += 1'000'000'000;
  }
  stamp.set_seconds(seconds);
  stamp.set_nanos(static_cast<int32_t>(rest));
  return stamp;
}

inline absl::Time FromTimestamp(const google::protobuf::Timestamp& stamp) {
  return absl::FromUnixSeconds(stamp.seconds()) + absl::Nanoseconds(stamp.nanos());
}

}  // namespace sockel::identity
