#include "common/trace/traceparent.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sockel::trace {
namespace {

constexpr char kGood[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(TraceparentTest, ReadsTheExampleOfTheStandard) {
  const auto context = Parse(kGood);
  ASSERT_TRUE(context.has_value());
  EXPECT_EQ(context->trace_id, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(context->span_id, "b7ad6b7169203331");
  EXPECT_TRUE(context->sampled);
  EXPECT_EQ(Format(*context), kGood);
}

TEST(TraceparentTest, TreatsMalformedHeadersAsAbsent) {
  const std::string good = kGood;
  for (const std::string& bad :
       std::vector<std::string>{std::string(), good.substr(1), good + "0", "ff" + good.substr(2),
                                "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                                "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                                "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}) {
    EXPECT_FALSE(Parse(bad).has_value()) << bad;
  }
}

TEST(TraceparentTest, AcceptsFutureVersionsWithMoreFields) {
  EXPECT_TRUE(Parse("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what").has_value());
  EXPECT_FALSE(Parse("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01what").has_value());
}

TEST(TraceparentTest, MakesIdsThatItAccepts) {
  EXPECT_TRUE(Parse(Format(Start())).has_value());
  EXPECT_NE(Start().trace_id, Start().trace_id);
}

TEST(TraceparentTest, ContinuesWhatWasWrittenDownOrStartsAnew) {
  const Context begun = Start();
  EXPECT_EQ(Continue(Format(begun)).trace_id, begun.trace_id);
  EXPECT_EQ(Continue(Format(begun)).span_id, begun.span_id);
  EXPECT_TRUE(Parse(Format(Continue(""))).has_value());
}

}  // namespace
}  // namespace sockel::trace
