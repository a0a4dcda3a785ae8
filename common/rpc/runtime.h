#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/caller/authenticator.h"
#include "common/pg/migrate.h"

namespace CLI {
class App;
}
namespace google::protobuf {
class ServiceDescriptor;
}
namespace sockel {
class Clock;
namespace config {
class Reader;
}
namespace metrics {
class Registry;
}
namespace paging {
class Tokens;
}
namespace pg {
class Database;
class Listener;
}  // namespace pg
}  // namespace sockel

// Everything that is the same in every service process, so that main.cc only
// says what the service is made of:
//
//   int main(int argc, char** argv) {
//     return sockel::rpc::ServiceMain(argc, argv, sockel::efile::Spec());
//   }
namespace sockel::rpc {

class Dispatcher;

// What the runtime has built when it asks for the service. Everything outlives
// the ServiceInstance.
class ServiceContext {
 public:
  virtual ~ServiceContext() = default;

  // The whole configuration. A service reads its own keys, all of them, while
  // it is made: config().Section("efile"). The runtime then reports what is
  // wrong or unknown; an error of create() that follows from it is ignored.
  virtual config::Reader& config() = 0;
  virtual pg::Database& database() = 0;
  virtual pg::Listener& listener() = 0;
  virtual const Dispatcher& dispatcher() const = 0;
  virtual metrics::Registry& metrics() = 0;
  virtual const Clock& clock() const = 0;
  virtual const paging::Tokens& page_tokens() const = 0;

  // A channel to another service, as configured under `services.<name>.target`,
  // with this service's credentials. `called`: the proto services that will be
  // used, e.g. {MessageService::descriptor()}. FAILED_PRECONDITION when the
  // target is not configured.
  virtual absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(
      const std::string& service,
      const std::vector<const google::protobuf::ServiceDescriptor*>& called) = 0;

  // Identity only: verifies tokens in-process instead of with the keys fetched
  // from `identity.target`. Call it while the service is made.
  virtual void UseAuthenticator(std::unique_ptr<Authenticator> authenticator) = 0;
};

// The objects of one service. The runtime calls in this order: CheckReady(),
// services(), Start(), [serving], Drain(), [calls end], Stop(), destructor.
class ServiceInstance {
 public:
  virtual ~ServiceInstance() = default;
  // The doors, without AuditService and EventService, which the runtime adds.
  virtual std::vector<grpc::Service*> services() = 0;
  // Begins background work. The database may not be reachable yet.
  virtual void Start() {}
  // Whether it can serve, asked as soon as the database answers and has the schema,
  // then about every second until it says yes once; by one thread at a time. The
  // error is logged and says what is missing. FAILED_PRECONDITION before Start()
  // ends the process: waiting would not help.
  virtual absl::Status CheckReady() { return absl::OkStatus(); }
  // The process is about to stop: take up no new background work.
  virtual void Drain() {}
  // No call is running any more: end background work and join threads.
  virtual void Stop() {}
};

// A subcommand besides serve, migrate and version; run against the configured
// database without serving.
struct ServiceCommand {
  std::string name;  // `bootstrap`
  std::string help;
  // Declares the command's options; may be empty.
  std::function<void(CLI::App&)> add_options;
  std::function<absl::Status(ServiceContext&)> run;
};

struct ServiceSpec {
  // `efile`: error domain `efile.sockel`, configuration section, metric label.
  std::string name;
  // pg::CommonMigrations(), ledger::Migrations(), events::Migrations(), own.
  std::vector<pg::Migration> migrations;
  std::function<absl::StatusOr<std::unique_ptr<ServiceInstance>>(ServiceContext&)> create;
  std::vector<ServiceCommand> commands;
};

// `<service> serve|migrate|version|<command> --config FILE [--set key=value]…`,
// `<service> --print-config`. Returns the exit code: 0 good, 1 failed, 2 wrong
// usage or configuration. `serve` runs until SIGTERM or SIGINT, then drains.
int ServiceMain(int argc, char** argv, const ServiceSpec& spec);

// Several services in one process, each with its own ports, database and
// configuration: `<binary> serve --config-dir DIR` reads DIR/<service>.yaml.
int StandaloneMain(int argc, char** argv, const std::vector<ServiceSpec>& specs);

}  // namespace sockel::rpc
