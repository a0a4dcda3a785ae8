#include "common/rpc/runtime/pg_metrics.h"

namespace sockel::rpc {

PgMetrics::PgMetrics(metrics::Registry& registry)
    : queries_(registry, "sockel_pg_query_seconds", "One statement, by its name."),
      transactions_(registry, "sockel_pg_transaction_seconds",
                    "One read or write with its retries, by its name."),
      failures_(registry.Counter("sockel_pg_transaction_failures_total",
                                 "Transactions that ended UNAVAILABLE or INTERNAL.")),
      retries_(
          registry.Counter("sockel_pg_retries_total", "Transactions run again after a conflict.")),
      repeated_(registry.Counter("sockel_pg_repeated_requests_total",
                                 "Requests answered with their first answer.")),
      pool_refused_(registry.Counter("sockel_pg_pool_refused_total",
                                     "Waits for a connection that ended without one.")),
      pool_wait_(registry.Histogram("sockel_pg_pool_wait_seconds", "Waits for a connection.")),
      in_use_(registry.Gauge("sockel_pg_pool_in_use", "Connections that are lent out.")),
      open_(registry.Gauge("sockel_pg_pool_open", "Connections that exist.")) {}

metrics::Histogram& PgMetrics::ByName::Get(std::string_view name) {
  absl::MutexLock lock(&mutex_);
  const auto found = series_.find(absl::string_view(name.data(), name.size()));
  if (found != series_.end()) return *found->second;
  metrics::Histogram& series = registry_.Histogram(metric_, help_, {{"name", std::string(name)}});
  series_.emplace(std::string(name), &series);
  return series;
}

void PgMetrics::OnQuery(std::string_view query, absl::Duration took) {
  queries_.Get(query).Observe(absl::ToDoubleSeconds(took));
}

void PgMetrics::OnTransaction(std::string_view name, absl::Duration took,
                              const absl::Status& status) {
  transactions_.Get(name).Observe(absl::ToDoubleSeconds(took));
  if (status.code() == absl::StatusCode::kUnavailable ||
      status.code() == absl::StatusCode::kInternal) {
    failures_.Increment();
  }
}

void PgMetrics::OnRetry(std::string_view /*name*/) { retries_.Increment(); }
void PgMetrics::OnRepeatedRequest(std::string_view /*name*/) { repeated_.Increment(); }

void PgMetrics::OnSignal(std::string_view topic, std::string_view tenant) {
  if (on_signal_) on_signal_(topic, tenant);
}

void PgMetrics::OnAcquire(absl::Duration waited, const absl::Status& status) {
  pool_wait_.Observe(absl::ToDoubleSeconds(waited));
  if (!status.ok()) pool_refused_.Increment();
}

void PgMetrics::OnPoolChange(int in_use, int open) {
  in_use_.Set(in_use);
  open_.Set(open);
}

}  // namespace sockel::rpc
