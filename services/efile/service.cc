#include "services/efile/service.h"

#include "absl/strings/str_cat.h"
#include "common/config/config.h"
#include "services/efile/config.h"
#include "services/efile/content/file_store.h"
#include "services/efile/documents/document_service.h"
#include "services/efile/dossiers/dossier_service.h"
#include "services/efile/file_plan/file_plan_service.h"
#include "services/efile/migrations.h"
#include "services/efile/provisioning/provisioner_service.h"
#include "services/efile/uploads/upload_cleanup.h"
#include "services/efile/uploads/upload_service.h"

namespace sockel::efile {
namespace {

// What has to be opened before the rest can be built.
struct Opened {
  Key master_key;
  absl::TimeZone zone;
  std::unique_ptr<ContentStore> content;
  std::unique_ptr<MediaTypes> media_types;
  absl::Duration cleanup_interval;
};

absl::StatusOr<Opened> Open(const Config& config) {
  absl::StatusOr<Key> master_key = ParseMasterKey(config.master_key);
  if (!master_key.ok()) return master_key.status();
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(config.time_zone, &zone)) {
    return absl::InvalidArgumentError(
        absl::StrCat("efile.time_zone: ", config.time_zone, " is not known; is tzdata installed?"));
  }
  auto content = FileStore::Open(config.content_root);
  if (!content.ok()) return content.status();
  auto media_types = MediaTypes::Open();
  if (!media_types.ok()) return media_types.status();
  return Opened{*master_key, zone, *std::move(content), *std::move(media_types),
                config.cleanup_interval};
}

class Instance final : public rpc::ServiceInstance {
 public:
  Instance(rpc::ServiceContext& context, Opened opened)
      : opened_(std::move(opened)),
        keys_(context.database(), opened_.master_key),
        storage_{*opened_.content, keys_, *opened_.media_types},
        file_plan_(context.database(), context.page_tokens()),
        dossiers_(context.database(), context.page_tokens(), opened_.zone),
        documents_(context.database(), context.page_tokens(), context.clock(), storage_),
        uploads_(context.database(), context.clock(), storage_),
        provisioner_(context.database(), keys_),
        cleanup_(context.database(), context.clock(), *opened_.content, context.metrics()),
        file_plan_door_(context.dispatcher(), file_plan_),
        dossier_door_(context.dispatcher(), dossiers_),
        document_door_(context.dispatcher(), documents_),
        upload_door_(context.dispatcher(), uploads_),
        provisioner_door_(context.dispatcher(), provisioner_) {}

  std::vector<grpc::Service*> services() override {
    return {&file_plan_door_, &dossier_door_, &document_door_, &upload_door_, &provisioner_door_};
  }
  void Start() override { cleanup_.Start(opened_.cleanup_interval); }
  absl::Status CheckReady() override { return keys_.CheckMaster(); }
  void Drain() override { cleanup_.Drain(); }
  void Stop() override { cleanup_.Stop(); }

 private:
  Opened opened_;
  TenantKeys keys_;
  const Storage storage_;
  FilePlan file_plan_;
  Dossiers dossiers_;
  Documents documents_;
  Uploads uploads_;
  Provisioner provisioner_;
  UploadCleanup cleanup_;
  FilePlanDoor file_plan_door_;
  DossierDoor dossier_door_;
  DocumentDoor document_door_;
  UploadDoor upload_door_;
  ProvisionerDoor provisioner_door_;
};

absl::StatusOr<std::unique_ptr<rpc::ServiceInstance>> Create(rpc::ServiceContext& context) {
  absl::StatusOr<Opened> opened = Open(ReadConfig(context.config().Section("efile")));
  if (!opened.ok()) return opened.status();
  return std::make_unique<Instance>(context, *std::move(opened));
}

}  // namespace

rpc::ServiceSpec Spec() {
  rpc::ServiceSpec spec;
  spec.name = "efile";
  spec.migrations = AllMigrations();
  spec.create = &Create;
  return spec;
}

}  // namespace sockel::efile
