#pragma once

#include <grpcpp/grpcpp.h>
#include <prometheus/exposer.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock/clock.h"
#include "common/config/config.h"
#include "common/log/log.h"
#include "common/metrics/metrics.h"
#include "common/paging/paging.h"
#include "common/pg/database.h"
#include "common/pg/listener.h"
#include "common/pg/pool.h"
#include "common/rpc/access_log.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/runtime.h"
#include "common/rpc/runtime/authentication.h"
#include "common/rpc/runtime/evidence.h"
#include "common/rpc/runtime/pg_metrics.h"
#include "common/rpc/runtime/readiness.h"
#include "common/rpc/runtime/settings.h"
#include "common/rpc/worker_pool.h"

namespace sockel::rpc {

// One service in a process: everything around a ServiceInstance. Made by
// Create(), then either used as the context of a subcommand, or Start()ed.
// Not thread-safe.
class ServiceRuntime final : public ServiceContext {
 public:
  // Opens nothing yet: the database and other services may be down.
  // INVALID_ARGUMENT: the configuration lists what is wrong.
  static absl::StatusOr<std::unique_ptr<ServiceRuntime>> Create(const ServiceSpec& spec,
                                                                config::Reader config);
  ~ServiceRuntime() override;

  // Builds the service and listens. INVALID_ARGUMENT, FAILED_PRECONDITION:
  // configuration or service are faulty; UNAVAILABLE: the address is in use.
  absl::Status Start();
  // Only the first step of Start(), for --print-config: after it every key has
  // been read.
  absl::Status Build();

  int port() const { return port_; }
  int metrics_port() const { return metrics_port_; }

  // From ready to stopped in three steps, so that several services in one
  // process take each step together.
  void Leave();  // not-serving, no new background work
  void Drain();  // refuses new calls, ends waiting streams, lets others finish
  void Stop();   // all calls have ended

  absl::Duration drain_delay() const { return settings_.drain_delay; }
  const log::Logger& log() const { return log_; }

  // ServiceContext
  config::Reader& config() override { return config_; }
  pg::Database& database() override { return database_; }
  pg::Listener& listener() override;
  const Dispatcher& dispatcher() const override { return dispatcher_; }
  metrics::Registry& metrics() override { return metrics_; }
  const Clock& clock() const override { return clock_; }
  const paging::Tokens& page_tokens() const override { return page_tokens_; }
  absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(
      const std::string& service,
      const std::vector<const google::protobuf::ServiceDescriptor*>& called) override;
  void UseAuthenticator(std::unique_ptr<Authenticator> authenticator) override;

 private:
  ServiceRuntime(const ServiceSpec& spec, config::Reader config, Settings settings,
                 Outgoing outgoing);

  absl::Status MakeInstance();
  absl::Status MakeAuthenticator();
  absl::Status MakeEvidence();
  absl::Status Listen();
  absl::Status ListenForMetrics();
  absl::Status CheckStart();
  absl::Status CheckReady();
  absl::Status CheckSchema();
  absl::Status CheckInstance();
  void WarnOfDatabaseLog();
  void SetServing(bool serving);
  void Report(const absl::Status& ready);

  const ServiceSpec& spec_;
  config::Reader config_;
  const Settings settings_;
  const log::Logger log_;
  SystemClock clock_;
  metrics::Registry metrics_;
  PgMetrics pg_metrics_;
  metrics::Gauge& ready_;
  pg::Pool pool_;
  pg::Database database_;
  std::unique_ptr<pg::Listener> listener_;  // connects when it is first wanted
  paging::Tokens page_tokens_;
  Outgoing outgoing_;
  LateAuthenticator authenticator_;
  const RemoteAuthenticator* remote_ = nullptr;  // owned by authenticator_
  std::unique_ptr<AccessLog> access_log_;
  WorkerPool workers_;
  Dispatcher dispatcher_;

  std::unique_ptr<ServiceInstance> instance_;
  std::unique_ptr<Evidence> evidence_;
  std::atomic<Evidence*> signalled_{nullptr};
  std::unique_ptr<prometheus::Exposer> exposer_;
  std::shared_ptr<prometheus::Collectable> collectable_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Readiness> readiness_;
  // Written by Start(), then by the readiness thread alone.
  bool schema_is_current_ = false;
  bool instance_is_ready_ = false;
  bool started_ = false;
  int port_ = 0;
  int metrics_port_ = 0;
};

}  // namespace sockel::rpc
