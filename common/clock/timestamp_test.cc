#include "common/clock/timestamp.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace sockel {
namespace {

google::protobuf::Timestamp Of(std::int64_t seconds, std::int32_t nanos) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(nanos);
  return timestamp;
}

TEST(TimestampTest, KeepsMicroseconds) {
  struct Case {
    std::int64_t seconds;
    std::int32_t nanos;
    absl::Time time;
  };
  for (const Case& c : {
           Case{1'767'600'000, 123'456'000, absl::FromUnixMicros(1'767'600'000'123'456)},
           Case{0, 0, absl::UnixEpoch()},
           Case{-1, 999'999'000, absl::FromUnixMicros(-1)},
           // The first and the last that a Timestamp may tell.
           Case{-62'135'596'800, 0, absl::FromUnixSeconds(-62'135'596'800)},
           Case{253'402'300'799, 999'999'000,
                absl::FromUnixSeconds(253'402'300'800) - absl::Microseconds(1)},
       }) {
    EXPECT_EQ(FromTimestamp(Of(c.seconds, c.nanos)), c.time);
    EXPECT_EQ(ToTimestamp(c.time).seconds(), c.seconds) << c.time;
    EXPECT_EQ(ToTimestamp(c.time).nanos(), c.nanos) << c.time;
  }
}

TEST(TimestampTest, CutsOffWhatTheDatabaseDoesNotKeep) {
  const absl::Time fine = absl::FromUnixNanos(1'767'600'000'123'456'789);
  EXPECT_EQ(ToTimestamp(fine).nanos(), 123'456'000);
  EXPECT_EQ(FromTimestamp(Of(1'767'600'000, 123'456'789)),
            absl::FromUnixMicros(1'767'600'000'123'456));
}

TEST(TimestampTest, CutsOffTowardsThePastBefore1970Too) {
  EXPECT_EQ(ToTimestamp(absl::FromUnixNanos(-1)).seconds(), -1);
  EXPECT_EQ(ToTimestamp(absl::FromUnixNanos(-1)).nanos(), 999'999'000);
  EXPECT_EQ(FromTimestamp(Of(-1, 999'999'999)), absl::FromUnixMicros(-1));
}

}  // namespace
}  // namespace sockel
