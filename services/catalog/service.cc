#include "services/catalog/service.h"

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
           WorkerOptions options)
      : provisioners_(std::move(provisioners)),
        offerings_(context.database(), context.page_tokens()),
        orders_(context.database(), context.clock(), context.page_tokens()),
        worker_(context.database(), context.listener(), context.clock(), *provisioners_, options),
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

absl::StatusOr<std::unique_ptr<rpc::ServiceInstance>> Create(rpc::ServiceContext& context) {
  config::Reader config = context.config().Section("catalog");
  WorkerOptions options;
  options.poll = config.Duration("provisioning.poll", options.poll,
                                 "How often to look for due orders when nobody calls");
  options.max_attempts = static_cast<int>(
      config.Int("provisioning.max_attempts", options.max_attempts,
                 "Tries of one provisioning step before the order fails", {1, 1000}));
  const std::vector<std::string> names =
      config.StringList("provisioners", {"identity", "efile", "notification"},
                        "Services that can be provisioned; each needs services.<name>.target");
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
  return std::make_unique<Instance>(context, std::make_unique<GrpcProvisioners>(channels), options);
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
