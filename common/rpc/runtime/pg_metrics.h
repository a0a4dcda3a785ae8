#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "common/metrics/metrics.h"
#include "common/pg/observer.h"

namespace sockel::rpc {

// What common/pg tells, as metrics; and its signals to whom they concern.
class PgMetrics final : public pg::Observer {
 public:
  using OnSignalFn = std::function<void(std::string_view topic, std::string_view tenant)>;

  explicit PgMetrics(metrics::Registry& registry);

  // Before anybody uses the database.
  void SetSignalHandler(OnSignalFn handler) { on_signal_ = std::move(handler); }

  void OnQuery(std::string_view query, absl::Duration took) override;
  void OnTransaction(std::string_view name, absl::Duration took,
                     const absl::Status& status) override;
  void OnRetry(std::string_view name) override;
  void OnRepeatedRequest(std::string_view name) override;
  void OnSignal(std::string_view topic, std::string_view tenant) override;
  void OnAcquire(absl::Duration waited, const absl::Status& status) override;
  void OnPoolChange(int in_use, int open) override;

 private:
  // Series by name of query or transaction. Their names are constants of the
  // program, so there are few; each is made when it is first seen, because a
  // library does not know which of its statements this service will use.
  class ByName {
   public:
    ByName(metrics::Registry& registry, std::string metric, std::string help)
        : registry_(registry), metric_(std::move(metric)), help_(std::move(help)) {}
    metrics::Histogram& Get(std::string_view name);

   private:
    metrics::Registry& registry_;
    const std::string metric_;
    const std::string help_;
    absl::Mutex mutex_;
    absl::flat_hash_map<std::string, metrics::Histogram*> series_ ABSL_GUARDED_BY(mutex_);
  };

  ByName queries_;
  ByName transactions_;
  metrics::Counter& failures_;
  metrics::Counter& retries_;
  metrics::Counter& repeated_;
  metrics::Counter& pool_refused_;
  metrics::Histogram& pool_wait_;
  metrics::Gauge& in_use_;
  metrics::Gauge& open_;
  OnSignalFn on_signal_;
};

}  // namespace sockel::rpc
