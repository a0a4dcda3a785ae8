#include "services/catalog/service.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/config/config.h"
#include "common/embed/embedded_file.h"
#include "common/events/events.h"
#include "common/ledger/ledger.h"
#include "services/catalog/offerings/offering_service.h"
#include "services/catalog/orders/order_service.h"
#include "services/catalog/provisioning/worker.h"
#include "sockel/identity/v1/user.grpc.pb.h"
#include "sockel/notification/v1/message.grpc.pb.h"
#include "sockel/provisioner/v1/provisioner.grpc.pb.h"

namespace sockel::catalog {

absl::Span<const EmbeddedFile> MigrationFiles();

namespace {

class Instance final : public rpc::ServiceInstance {
 public:
  Instance(rpc::ServiceContext& context, std::unique_ptr<Provisioners> provisioners,
           std::set<std::string> provisionable, WorkerOptions options)
      : provisioners_(std::move(provisioners)),
        offerings_(context.database(), context.page_tokens(), std::move(provisionable)),
        orders_(context.database(), context.clock(), context.page_tokens()),
        worker_(context.database(), context.listener(), context.clock(), *provisioners_,
                context.metrics(), options),
        offering_door_(context.dispatcher(), offerings_),
        order_door_(context.dispatcher(), orders_),
        subscription_door_(context.dispatcher(), orders_) {}

  std::vector<grpc::Service*> services() override {
    return {&offering_door_, &order_door_, &subscription_door_};
  }
  void Start() override { worker_.Start(); }
  void Drain() override { worker_.Stop(); }

 private:
  std::unique_ptr<Provisioners> provisioners_;
  Offerings offerings_;
  Orders orders_;
  ProvisioningWorker worker_;
  OfferingDoor offering_door_;
  OrderDoor order_door_;
  SubscriptionDoor subscription_door_;
};

WorkerOptions ReadWorkerOptions(config::Reader& config) {
  WorkerOptions options;
  options.poll = config.Duration("provisioning.poll", options.poll,
                                 "How often to look for due orders when nobody calls");
  options.limits.max_attempts = static_cast<int>(
      config.Int("provisioning.max_attempts", options.limits.max_attempts,
                 "Tries in a row without an answer before a provisioning step fails", {1, 1000}));
  options.limits.time = config.Duration("provisioning.step_time_limit", options.limits.time,
                                        "Longest time that a provisioning step may take");
  options.threads = static_cast<int>(config.Int("provisioning.threads", options.threads,
                                                "Orders provisioned at the same time", {1, 64}));
  return options;
}

// Names of the services that can be provisioned.
std::vector<std::string> ReadServices(config::Reader& config) {
  const std::vector<std::string> names =
      config.StringList("provisioners", {"identity", "efile", "notification"},
                        "Services that can be provisioned; each needs services.<name>.target");
  for (const std::string& name : names) {
    if (name != kActivationStep) continue;
    config.Refuse("provisioners", "services other than `activation`, a step of the catalog's own");
  }
  return names;
}

absl::StatusOr<std::unique_ptr<rpc::ServiceInstance>> Create(rpc::ServiceContext& context) {
  config::Reader config = context.config().Section("catalog");
  const WorkerOptions options = ReadWorkerOptions(config);
  const std::vector<std::string> names = ReadServices(config);
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels;
  for (const std::string& name : names) {
    std::vector<const google::protobuf::ServiceDescriptor*> called;
    for (const char* service : {provisioner::v1::ProvisionerService::service_full_name(),
                                identity::v1::UserService::service_full_name(),
                                notification::v1::MessageService::service_full_name()}) {
      called.push_back(
          google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(service));
    }
    auto channel = context.Connect(name, called);
    if (!channel.ok()) return channel.status();
    channels[name] = *std::move(channel);
  }
  return std::make_unique<Instance>(context, std::make_unique<GrpcProvisioners>(channels),
                                    std::set<std::string>(names.begin(), names.end()), options);
}

}  // namespace

std::vector<pg::Migration> Migrations() { return pg::MigrationsFrom("catalog", MigrationFiles()); }

rpc::ServiceSpec Spec() {
  rpc::ServiceSpec spec;
  spec.name = "catalog";
  for (const auto& part :
       {pg::CommonMigrations(), ledger::Migrations(), events::Migrations(), Migrations()}) {
    spec.migrations.insert(spec.migrations.end(), part.begin(), part.end());
  }
  spec.create = &Create;
  return spec;
}

}  // namespace sockel::catalog
