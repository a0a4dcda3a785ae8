#include "services/notification/deliveries/delivery_metrics.h"

namespace sockel::notification {
namespace {

metrics::Counter& Attempts(metrics::Registry& registry, const std::string& channel,
                           const std::string& outcome) {
  return registry.Counter("sockel_notification_attempts_total",
                          "Attempts to deliver, by channel and what came of them",
                          {{"channel", channel}, {"outcome", outcome}});
}

metrics::Gauge& Queue(metrics::Registry& registry, const std::string& state) {
  return registry.Gauge("sockel_notification_queue_deliveries",
                        "Deliveries that are not in a final state, all tenants together",
                        {{"state", state}});
}

}  // namespace

DeliveryMetrics::PerChannel::PerChannel(metrics::Registry& registry, const std::string& channel)
    : sent(Attempts(registry, channel, "sent")),
      temporary_failure(Attempts(registry, channel, "temporary_failure")),
      permanent_failure(Attempts(registry, channel, "permanent_failure")),
      expired(Attempts(registry, channel, "expired")) {}

DeliveryMetrics::DeliveryMetrics(metrics::Registry& registry)
    : email_(registry, "email"),
      inbox_(registry, "inbox"),
      possible_duplicates_(registry.Counter(
          "sockel_notification_possible_duplicates_total",
          "Mails sent again because a worker died, or a relay fell silent, at the wrong moment")),
      smtp_(registry.Histogram("sockel_notification_smtp_seconds",
                               "From handing a mail to the relay to its answer")),
      pending_(Queue(registry, "pending")),
      sending_(Queue(registry, "sending")),
      temporary_failure_(Queue(registry, "temporary_failure")),
      lag_(registry.Gauge("sockel_notification_queue_lag_seconds",
                          "How overdue the most overdue delivery is")) {}

void DeliveryMetrics::CountAttempt(v1::Message::Channel channel, v1::Delivery::State state) {
  PerChannel& counters = channel == v1::Message::INBOX ? inbox_ : email_;
  switch (state) {
    case v1::Delivery::SENT:
      counters.sent.Increment();
      break;
    case v1::Delivery::TEMPORARY_FAILURE:
      counters.temporary_failure.Increment();
      break;
    case v1::Delivery::PERMANENT_FAILURE:
      counters.permanent_failure.Increment();
      break;
    case v1::Delivery::EXPIRED:
      counters.expired.Increment();
      break;
    default:  // handed back: no attempt was made
      break;
  }
}

void DeliveryMetrics::SetQueue(const delivery_store::QueueState& state) {
  pending_.Set(static_cast<double>(state.pending));
  sending_.Set(static_cast<double>(state.sending));
  temporary_failure_.Set(static_cast<double>(state.temporary_failure));
  lag_.Set(absl::ToDoubleSeconds(state.lag));
}

}  // namespace sockel::notification
