#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

// Metrics of one service, read by Prometheus. A series is created when the object
// that counts is built, so that it is there with 0 before anything happens (but
// those by name of a statement: pg_metrics.h); label values come from code,
// descriptors or configuration, never from a request.
namespace sockel::metrics {

using Labels = std::map<std::string, std::string>;
using Counter = prometheus::Counter;
using Gauge = prometheus::Gauge;
using Histogram = prometheus::Histogram;

// Upper bounds in seconds for things that take microseconds to seconds.
const std::vector<double>& LatencyBuckets();

// Thread-safe. What it returns lives as long as the registry. Asking twice for
// the same name and labels gives the same series. Names follow the Prometheus
// convention with unit and prefix: `sockel_pg_wait_seconds`.
class Registry {
 public:
  // `constant` labels are put on every series, e.g. {{"service", "efile"}}.
  explicit Registry(Labels constant = {});
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  metrics::Counter& Counter(const std::string& name, const std::string& help,
                            const Labels& labels = {});
  metrics::Gauge& Gauge(const std::string& name, const std::string& help,
                        const Labels& labels = {});
  metrics::Histogram& Histogram(const std::string& name, const std::string& help,
                                const Labels& labels = {},
                                const std::vector<double>& buckets = LatencyBuckets());

  // A gauge that is computed when Prometheus asks. `value` must be thread-safe,
  // must not block and must stay callable while the registry lives.
  void ComputedGauge(const std::string& name, const std::string& help, const Labels& labels,
                     std::function<double()> value);

  // For the exposer; also the text format for tests.
  std::shared_ptr<prometheus::Collectable> collectable() const;
  std::string Text() const;

 private:
  struct Computed;
  Labels constant_;
  std::shared_ptr<prometheus::Registry> registry_;
  std::shared_ptr<Computed> computed_;
};

}  // namespace sockel::metrics
