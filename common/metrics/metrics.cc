#include "common/metrics/metrics.h"

#include <prometheus/text_serializer.h>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace sockel::metrics {

// The gauges that are computed when somebody asks.
struct Registry::Computed final : prometheus::Collectable {
  struct Entry {
    std::string name;
    std::string help;
    Labels labels;
    std::function<double()> value;
  };

  std::vector<prometheus::MetricFamily> Collect() const override {
    absl::MutexLock lock(&mutex);
    std::map<std::string, prometheus::MetricFamily> families;
    for (const Entry& entry : entries) {
      prometheus::MetricFamily& family = families[entry.name];
      family.name = entry.name;
      family.help = entry.help;
      family.type = prometheus::MetricType::Gauge;
      prometheus::ClientMetric& metric = family.metric.emplace_back();
      for (const auto& [key, text] : entry.labels) metric.label.push_back({key, text});
      metric.gauge.value = entry.value();
    }
    std::vector<prometheus::MetricFamily> result;
    for (auto& [name, family] : families) result.push_back(std::move(family));
    return result;
  }

  mutable absl::Mutex mutex;
  std::vector<Entry> entries ABSL_GUARDED_BY(mutex);
};

namespace {

// What the exposer asks: both kinds of metrics at once.
class Both final : public prometheus::Collectable {
 public:
  Both(std::shared_ptr<prometheus::Collectable> a, std::shared_ptr<prometheus::Collectable> b)
      : a_(std::move(a)), b_(std::move(b)) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> all = a_->Collect();
    for (prometheus::MetricFamily& family : b_->Collect()) all.push_back(std::move(family));
    return all;
  }

 private:
  std::shared_ptr<prometheus::Collectable> a_;
  std::shared_ptr<prometheus::Collectable> b_;
};

}  // namespace

const std::vector<double>& LatencyBuckets() {
  static const auto& buckets = *new std::vector<double>{
      0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
  return buckets;
}

Registry::Registry(Labels constant)
    : constant_(std::move(constant)),
      registry_(
          std::make_shared<prometheus::Registry>(prometheus::Registry::InsertBehavior::Merge)),
      computed_(std::make_shared<Computed>()) {}

metrics::Counter& Registry::Counter(const std::string& name, const std::string& help,
                                    const Labels& labels) {
  return prometheus::BuildCounter()
      .Name(name)
      .Help(help)
      .Labels(constant_)
      .Register(*registry_)
      .Add(labels);
}

metrics::Gauge& Registry::Gauge(const std::string& name, const std::string& help,
                                const Labels& labels) {
  return prometheus::BuildGauge()
      .Name(name)
      .Help(help)
      .Labels(constant_)
      .Register(*registry_)
      .Add(labels);
}

metrics::Histogram& Registry::Histogram(const std::string& name, const std::string& help,
                                        const Labels& labels, const std::vector<double>& buckets) {
  return prometheus::BuildHistogram()
      .Name(name)
      .Help(help)
      .Labels(constant_)
      .Register(*registry_)
      .Add(labels, buckets);
}

void Registry::ComputedGauge(const std::string& name, const std::string& help, const Labels& labels,
                             std::function<double()> value) {
  Labels all = constant_;
  all.insert(labels.begin(), labels.end());
  absl::MutexLock lock(&computed_->mutex);
  computed_->entries.push_back({name, help, std::move(all), std::move(value)});
}

std::shared_ptr<prometheus::Collectable> Registry::collectable() const {
  return std::make_shared<Both>(registry_, computed_);
}

std::string Registry::Text() const {
  return prometheus::TextSerializer().Serialize(collectable()->Collect());
}

}  // namespace sockel::metrics
