#include "tools/sockel/transfer/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace sockel::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::int64_t kMiB = 1 << 20;

// A second after the first quarter began.
ProgressState Quarter() {
  return {.bytes = 2 * kMiB,
          .total_bytes = 8 * kMiB,
          .files = 1,
          .total_files = 4,
          .latest = "scan.pdf",
          .elapsed = absl::Seconds(1)};
}

TEST(ProgressTextTest, SaysHowMuchIsDoneHowFastItGoesAndHowLongItTakes) {
  EXPECT_EQ(ProgressText(Quarter()),
            "[#######.......................]  25 %  1/4  2.0 MiB/s, 4s left  scan.pdf");
}

TEST(ProgressTextTest, TheTimeLeftFollowsFromTheRateSoFar) {
  ProgressState slow = Quarter();
  slow.elapsed = absl::Hours(1) + absl::Milliseconds(500);
  EXPECT_THAT(ProgressText(slow), HasSubstr("  582 B/s, 3h2s left  "));
}

TEST(ProgressTextTest, AtTheEndNoTimeIsLeft) {
  ProgressState end = Quarter();
  end.bytes = end.total_bytes;
  end.files = end.total_files;
  EXPECT_EQ(ProgressText(end), "[##############################] 100 %  4/4  8.0 MiB/s  scan.pdf");
}

TEST(ProgressTextTest, BeforeTheFirstByteNobodyKnowsHowLongItTakes) {
  ProgressState begin = Quarter();
  begin.bytes = 0;
  EXPECT_EQ(ProgressText(begin), "[..............................]   0 %  1/4  0 B/s  scan.pdf");
}

TEST(ProgressTextTest, NothingToTransferIsAllOfIt) {
  EXPECT_EQ(ProgressText({}), "[##############################] 100 %  0/0  0 B/s  ");
}

// A file grew after it was counted.
TEST(ProgressTextTest, MoreThanAllIsNotMoreThanTheBar) {
  ProgressState more = Quarter();
  more.bytes = 2 * more.total_bytes;
  EXPECT_THAT(ProgressText(more), StartsWith("[##############################] 100 %"));
  EXPECT_THAT(ProgressText(more), Not(HasSubstr("left")));
}

TEST(ProgressTextTest, OfALongNameTheEndIsShownInWholeCharacters) {
  std::string half;
  for (int i = 0; i < 14; ++i) half += "ü";
  ProgressState named = Quarter();
  named.latest = absl::StrCat("üü", half, "x");
  EXPECT_THAT(ProgressText(named), EndsWith(absl::StrCat("left  …", half, "x")));
}

}  // namespace
}  // namespace sockel::cli
