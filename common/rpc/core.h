#pragma once

#include <google/protobuf/descriptor.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/metrics/metrics.h"
#include "common/rpc/dispatcher_options.h"
#include "common/rpc/message_plan.h"
#include "common/rpc/open_streams.h"
#include "common/rpc/request_plan.h"
#include "sockel/options/v1/options.pb.h"

// The inside of the dispatcher: what the calls of all kinds share.
namespace sockel::rpc::internal {

// Everything known about an RPC before its first call.
struct MethodState {
  std::string full_name;  // `sockel.efile.v1.DossierService/GetDossier`
  std::string permission;
  options::v1::Access access = options::v1::ACCESS_UNSPECIFIED;
  bool lists = false;  // may be asked of all tenants at once, by whoever may do so
  std::unique_ptr<RequestPlan> plan;
  std::array<metrics::Counter*, 17> handled{};  // by canonical code
  metrics::Histogram* duration = nullptr;
};

struct ServiceState {
  std::string full_name;
  absl::flat_hash_map<std::string, std::unique_ptr<MethodState>> methods;
};

class Core {
 public:
  explicit Core(const DispatcherOptions& options);

  const DispatcherOptions& options() const { return options_; }
  WorkerPool& workers() const { return options_.workers; }

  const ServiceState& Service(std::string_view full_name);
  // By its path, `/sockel.efile.v1.DossierService/GetDossier`; null when it is of
  // no service that was asked for.
  const MethodState* Find(std::string_view path) const;
  const MethodState& Unknown() const { return *unknown_; }
  absl::Status status() const;
  std::vector<std::string> service_names() const;

  bool draining() const { return draining_.load(std::memory_order_relaxed); }
  void Drain();

  OpenStreams& streams() { return streams_; }

 private:
  std::unique_ptr<MethodState> MakeMethod(const google::protobuf::MethodDescriptor& method)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void MakeMetrics(const std::string& service, const std::string& method, std::string_view type,
                   MethodState& state);

  const DispatcherOptions options_;
  std::unique_ptr<MethodState> unknown_;
  std::atomic<bool> draining_{false};

  mutable absl::Mutex mutex_;
  MessagePlans plans_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> problems_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, std::unique_ptr<ServiceState>> services_ ABSL_GUARDED_BY(mutex_);

  OpenStreams streams_;
};

}  // namespace sockel::rpc::internal
