#include "common/rpc/runtime/service_runtime.h"

#include <grpcpp/ext/channelz_service_plugin.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <unistd.h>

#include <chrono>
#include <exception>
#include <mutex>
#include <utility>

#include "common/auth/roles.h"
#include "common/error/error.h"
#include "common/pg/migrate.h"
#include "common/rpc/malformed.h"
#include "common/rpc/runtime/server_credentials.h"
#include "common/rpc/runtime/server_limits.h"

namespace sockel::rpc {
namespace {

constexpr std::size_t kLeastPageTokenKey = 32;

// Takes no lines: `log.calls: false`.
class NoAccessLog final : public AccessLog {
 public:
  void Write(const AccessRecord& /*record*/) override {}
};

std::unique_ptr<AccessLog> MakeAccessLog(const Settings& settings, const std::string& service) {
  if (!settings.access_log) return std::make_unique<NoAccessLog>();
  return std::make_unique<JsonAccessLog>(STDERR_FILENO, service);
}

log::Logger LoggerAt(log::Level level) {
  log::Default().SetLevel(level);
  return log::Default();
}

std::string ApplicationName(const std::string& service) { return "sockel-" + service; }

pg::PoolConfig PoolConfigOf(const Settings& settings, const std::string& service,
                            pg::Observer* observer) {
  pg::PoolConfig config;
  config.conninfo = settings.conninfo;
  config.password_file = settings.password_file;
  config.size = settings.pool_size;
  config.wait = settings.pool_wait;
  config.statement_timeout = settings.statement_timeout;
  config.application_name = ApplicationName(service);
  config.observer = observer;
  return config;
}

void EnableProcessWideServices() {
  static std::once_flag once;
  std::call_once(once, [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::channelz::experimental::InitChannelzService();
  });
}

}  // namespace

absl::StatusOr<std::unique_ptr<ServiceRuntime>> ServiceRuntime::Create(const ServiceSpec& spec,
                                                                       config::Reader config) {
  Settings settings = ReadSettings(config, spec.name);
  static const SystemClock clock;
  auto outgoing = Outgoing::Create(settings, clock);
  if (!outgoing.ok()) return outgoing.status();
  return std::unique_ptr<ServiceRuntime>(
      new ServiceRuntime(spec, std::move(config), std::move(settings), *std::move(outgoing)));
}

ServiceRuntime::ServiceRuntime(const ServiceSpec& spec, config::Reader config, Settings settings,
                               Outgoing outgoing)
    : spec_(spec),
      config_(std::move(config)),
      settings_(std::move(settings)),
      log_(LoggerAt(settings_.log_level)),
      metrics_({{"service", spec.name}}),
      pg_metrics_(metrics_),
      ready_(metrics_.Gauge("sockel_ready",
                            "1 while the service tells health checks that it serves, else 0.")),
      pool_(PoolConfigOf(settings_, spec.name, &pg_metrics_)),
      database_(pool_, clock_),
      page_tokens_(settings_.page_token_key),
      outgoing_(std::move(outgoing)),
      access_log_(MakeAccessLog(settings_, spec.name)),
      workers_({.threads = settings_.workers,
                .queue = settings_.queue,
                .max_wait = settings_.queue_wait},
               metrics_),
      dispatcher_(DispatcherOptions{.workers = workers_,
                                    .authenticator = authenticator_,
                                    .allows = &auth::Allows,
                                    .metrics = metrics_,
                                    .log = *access_log_,
                                    .error_domain = spec.name + ".sockel",
                                    .max_streams = settings_.max_streams}) {
  pg_metrics_.SetSignalHandler([this](std::string_view topic, std::string_view tenant) {
    Evidence* evidence = signalled_.load(std::memory_order_acquire);
    if (evidence != nullptr) evidence->OnSignal(topic, tenant);
  });
}

ServiceRuntime::~ServiceRuntime() {
  if (started_) {
    Leave();
    Drain();
    Stop();
  }
}

pg::Listener& ServiceRuntime::listener() {
  if (listener_ == nullptr) {
    listener_ = std::make_unique<pg::Listener>(settings_.conninfo, settings_.password_file,
                                               ApplicationName(spec_.name));
  }
  return *listener_;
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> ServiceRuntime::Connect(
    const std::string& service,
    const std::vector<const google::protobuf::ServiceDescriptor*>& called) {
  return outgoing_.Connect(service, called);
}

void ServiceRuntime::UseAuthenticator(std::unique_ptr<Authenticator> authenticator) {
  authenticator_.Set(std::move(authenticator));
}

absl::Status ServiceRuntime::Build() {
  absl::Status made = MakeInstance();
  // What is wrong in the file explains what went wrong after it.
  if (absl::Status status = config_.Finish(); !status.ok()) return status;
  return made;
}

absl::Status ServiceRuntime::MakeInstance() {
  auto instance = spec_.create(*this);
  if (!instance.ok()) return instance.status();
  instance_ = *std::move(instance);
  return absl::OkStatus();
}

absl::Status ServiceRuntime::MakeAuthenticator() {
  if (authenticator_.IsSet()) return absl::OkStatus();
  auto remote = outgoing_.MakeAuthenticator(clock_, log_, metrics_);
  if (!remote.ok()) return remote.status();
  if (*remote == nullptr) {
    return absl::FailedPreconditionError("the service brought no way to verify tokens");
  }
  remote_ = remote->get();
  authenticator_.Set(*std::move(remote));
  return absl::OkStatus();
}

absl::Status ServiceRuntime::MakeEvidence() {
  if (settings_.page_token_key.size() < kLeastPageTokenKey) {
    return absl::InvalidArgumentError(
        "configuration: `page_token_key_file`: must hold at least 32 characters");
  }
  auto key = ledger::SigningKey::Load(settings_.ledger_key_file);
  if (!key.ok()) return key.status();
  evidence_ = std::make_unique<Evidence>(
      Evidence::Parts{database_, listener(), dispatcher_, metrics_, clock_, page_tokens_, log_},
      spec_.name, *std::move(key), settings_.events_keep);
  signalled_.store(evidence_.get(), std::memory_order_release);
  return absl::OkStatus();
}

absl::Status ServiceRuntime::Start() {
  for (const auto step : {&ServiceRuntime::Build, &ServiceRuntime::CheckStart,
                          &ServiceRuntime::MakeAuthenticator, &ServiceRuntime::MakeEvidence,
                          &ServiceRuntime::ListenForMetrics, &ServiceRuntime::Listen}) {
    if (absl::Status status = (this->*step)(); !status.ok()) return status;
  }
  started_ = true;
  instance_->Start();
  readiness_ = std::make_unique<Readiness>([this] { return CheckReady(); },
                                           [this](const absl::Status& ready) { Report(ready); });
  log_.Info("listening", {{"service", spec_.name},
                          {"address", settings_.listen},
                          {"port", port_},
                          {"metrics_port", metrics_port_}});
  return absl::OkStatus();
}

absl::Status ServiceRuntime::ListenForMetrics() {
  if (settings_.metrics_listen.empty()) return absl::OkStatus();
  try {
    exposer_ = std::make_unique<prometheus::Exposer>(settings_.metrics_listen, 2);
  } catch (const std::exception& e) {
    return absl::UnavailableError("cannot listen on metrics_listen " + settings_.metrics_listen +
                                  ": " + e.what());
  }
  collectable_ = metrics_.collectable();
  exposer_->RegisterCollectable(collectable_);
  metrics_port_ = exposer_->GetListeningPorts().front();
  return absl::OkStatus();
}

absl::Status ServiceRuntime::Listen() {
  auto credentials = MakeServerCredentials(settings_.tls, settings_.listen);
  if (!credentials.ok()) return credentials.status();
  ShowCertificateExpiry(settings_.tls, metrics_);
  EnableProcessWideServices();
  grpc::ServerBuilder builder;
  SetLimits(builder);
  ExplainMalformedRequests(builder, dispatcher_);
  builder.AddListeningPort(settings_.listen, *credentials, &port_);
  for (grpc::Service* service : instance_->services()) builder.RegisterService(service);
  for (grpc::Service* service : evidence_->services()) builder.RegisterService(service);
  if (absl::Status status = dispatcher_.status(); !status.ok()) return status;
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) {
    return absl::UnavailableError("cannot listen on " + settings_.listen +
                                  ": is the address in use?");
  }
  SetServing(false);
  return absl::OkStatus();
}

// Without a database, or before its migration, this cannot be told yet.
absl::Status ServiceRuntime::CheckStart() {
  if (!CheckSchema().ok()) return absl::OkStatus();
  absl::Status status = CheckInstance();
  return absl::IsFailedPrecondition(status) ? status : absl::OkStatus();
}

absl::Status ServiceRuntime::CheckReady() {
  // Busy is not dead: without a free connection the database is in use.
  absl::Status ping = database_.Ping(absl::Seconds(2));
  if (!ping.ok() && ping.code() != absl::StatusCode::kResourceExhausted) {
    schema_is_current_ = false;
    return absl::UnavailableError("the database does not answer");
  }
  if (absl::Status status = CheckSchema(); !status.ok()) return status;
  if (absl::Status status = CheckInstance(); !status.ok()) return status;
  return remote_ == nullptr ? absl::OkStatus() : remote_->Ready();
}

absl::Status ServiceRuntime::CheckSchema() {
  if (schema_is_current_) return absl::OkStatus();
  auto missing = pg::MissingRevision(pool_, spec_.migrations);
  if (!missing.ok()) return absl::UnavailableError("the database does not answer");
  if (!missing->empty()) {
    return absl::UnavailableError("the database lacks the migration " + *missing +
                                  ": run `sockel-" + spec_.name + " migrate`");
  }
  WarnOfDatabaseLog();
  schema_is_current_ = true;
  return absl::OkStatus();
}

// At the start, and when the database is back: it may be another one.
void ServiceRuntime::WarnOfDatabaseLog() {
  const auto settings = database_.RevealingLogSettings(absl::Seconds(2));
  if (!settings.ok() || settings->empty()) return;
  log_.Warning("the database's log would hold personal data",
               {{"service", spec_.name}, {"settings", *settings}});
}

absl::Status ServiceRuntime::CheckInstance() {
  if (instance_is_ready_) return absl::OkStatus();
  absl::Status status = instance_->CheckReady();
  instance_is_ready_ = status.ok();
  return status;
}

void ServiceRuntime::SetServing(bool serving) {
  grpc::HealthCheckServiceInterface& health = *server_->GetHealthCheckService();
  health.SetServingStatus(serving);
  for (const std::string& name : dispatcher_.service_names()) {
    health.SetServingStatus(name, serving);
  }
  ready_.Set(serving ? 1 : 0);
}

void ServiceRuntime::Report(const absl::Status& ready) {
  SetServing(ready.ok());
  if (ready.ok()) {
    log_.Info("ready", {{"service", spec_.name}});
  } else {
    log_.Warning("not ready", {{"service", spec_.name}, {"missing", std::string(ready.message())}});
  }
}

void ServiceRuntime::Leave() {
  readiness_.reset();
  server_->GetHealthCheckService()->Shutdown();
  ready_.Set(0);
  instance_->Drain();
  log_.Info("draining", {{"service", spec_.name}});
}

void ServiceRuntime::Drain() {
  dispatcher_.Drain();
  server_->Shutdown(std::chrono::system_clock::now() +
                    absl::ToChronoMilliseconds(settings_.drain_grace));
  server_->Wait();
}

void ServiceRuntime::Stop() {
  started_ = false;
  instance_->Stop();
  exposer_.reset();
  server_.reset();
  signalled_.store(nullptr, std::memory_order_release);
  evidence_.reset();
  instance_.reset();
  log_.Info("stopped", {{"service", spec_.name}});
}

}  // namespace sockel::rpc
