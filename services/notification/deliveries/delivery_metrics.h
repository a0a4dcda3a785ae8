#pragma once

#include <string>

#include "common/metrics/metrics.h"
#include "services/notification/deliveries/delivery_store.h"

namespace sockel::notification {

// What Prometheus sees of deliveries. Thread-safe.
class DeliveryMetrics {
 public:
  explicit DeliveryMetrics(metrics::Registry& registry);

  // One attempt came to this.
  void CountAttempt(v1::Message::Channel channel, v1::Delivery::State state);
  void CountPossibleDuplicate() { possible_duplicates_.Increment(); }
  void ObserveSmtp(absl::Duration duration) { smtp_.Observe(absl::ToDoubleSeconds(duration)); }
  void SetQueue(const delivery_store::QueueState& state);

 private:
  struct PerChannel {
    PerChannel(metrics::Registry& registry, const std::string& channel);
    metrics::Counter& sent;
    metrics::Counter& temporary_failure;
    metrics::Counter& permanent_failure;
    metrics::Counter& expired;
  };

  PerChannel email_;
  PerChannel inbox_;
  metrics::Counter& possible_duplicates_;
  metrics::Histogram& smtp_;
  metrics::Gauge& pending_;
  metrics::Gauge& sending_;
  metrics::Gauge& temporary_failure_;
  metrics::Gauge& lag_;
};

}  // namespace sockel::notification
