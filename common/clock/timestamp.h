#pragma once

#include <google/protobuf/timestamp.pb.h>

#include "absl/time/time.h"

// Times in messages are precise to the microsecond, as PostgreSQL keeps them: so
// the first answer says of a time what every later one reads from the database,
// and a rule decides on the time that will be stored. What is finer is cut off,
// towards the past. For the years 1 to 9999.
namespace sockel {

google::protobuf::Timestamp ToTimestamp(absl::Time time);
absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp);

}  // namespace sockel
