#include "common/metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sockel::metrics {
namespace {

using ::testing::HasSubstr;

TEST(MetricsTest, PutsTheConstantLabelsOnEverySeries) {
  Registry registry(Labels{{"service", "efile"}});
  registry.Counter("calls_total", "Calls.", {{"method", "Get"}}).Increment();
  EXPECT_THAT(registry.Text(), HasSubstr("calls_total{service=\"efile\",method=\"Get\"} 1"));
}

TEST(MetricsTest, GivesTheSameSeriesForTheSameNameAndLabels) {
  Registry registry;
  registry.Counter("calls_total", "Calls.", {{"method", "Get"}}).Increment();
  registry.Counter("calls_total", "Calls.", {{"method", "Get"}}).Increment();
  EXPECT_EQ(registry.Counter("calls_total", "Calls.", {{"method", "Get"}}).Value(), 2);
}

TEST(MetricsTest, ShowsASeriesBeforeItCountedAnything) {
  Registry registry;
  registry.Counter("calls_total", "Calls.");
  EXPECT_THAT(registry.Text(), HasSubstr("calls_total 0"));
}

TEST(MetricsTest, ComputesAGaugeWhenAsked) {
  Registry registry(Labels{{"service", "efile"}});
  double depth = 1;
  registry.ComputedGauge("queue_depth", "Waiting.", {{"pool", "rpc"}}, [&] { return depth; });
  depth = 7;
  EXPECT_THAT(registry.Text(), HasSubstr("queue_depth{pool=\"rpc\",service=\"efile\"} 7"));
}

}  // namespace
}  // namespace sockel::metrics
