#pragma once

#include <gtest/gtest.h>

#include <google/protobuf/util/json_util.h>

#include "common/pg/database.h"
#include "common/pg/rows.h"
#include "common/testing/callers.h"
#include "common/testing/fake_clock.h"
#include "common/testing/test_database.h"
#include "services/efile/content/test_store.h"
#include "services/efile/documents/documents.h"
#include "services/efile/dossiers/dossiers.h"
#include "services/efile/file_plan/file_plan.h"
#include "services/efile/migrations.h"
#include "services/efile/provisioning/provisioner.h"
#include "services/efile/uploads/uploads.h"
#include "sockel/audit/v1/audit.pb.h"

namespace sockel::efile {

inline constexpr char kInstance[] = "0190a1b2-0000-4000-8000-00000000000a";

// An e-file on a database and content store of its own, without server; tenant
// `smi` has the file plan entry 413-1.
class EfileTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(Provision("smi", kInstance).ok()); }

  static Caller User(const std::string& tenant = "smi", const std::string& user = "anna") {
    return testing::MakeCaller(tenant, "tenants/" + tenant + "/users/" + user);
  }

  absl::StatusOr<provisioner::v1::Operation> Provision(const std::string& tenant,
                                                       const std::string& instance,
                                                       const std::string& code = "413-1") {
    provisioner::v1::ProvisionRequest request;
    request.set_instance_id(instance);
    request.set_tenant_code(tenant);
    const std::string json = R"({"file_plan": [{"code": ")" + code +
                             R"(", "title": "Anträge", "retention_years": 10,
                                 "disposition": "APPRAISE"}]})";
    EXPECT_TRUE(
        google::protobuf::util::JsonStringToMessage(json, request.mutable_parameters()).ok());
    return provisioner_.Provision(testing::MakeCaller("provider"), request);
  }

  absl::StatusOr<v1::Dossier> CreateDossier(const Caller& caller = User(),
                                            const std::string& code = "413-1") {
    v1::CreateDossierRequest request;
    request.set_parent("tenants/" + caller.tenant);
    request.mutable_dossier()->set_file_plan_entry(FilePlanEntryName(caller.tenant, code));
    request.mutable_dossier()->set_subject("Antrag auf Förderung");
    return dossiers_.Create(caller, request);
  }

  absl::StatusOr<v1::Dossier> GetDossier(const Caller& caller, const std::string& name) {
    v1::GetDossierRequest request;
    request.set_name(name);
    return dossiers_.Get(caller, request);
  }

  absl::StatusOr<v1::Dossier> CloseDossier(const Caller& caller, const std::string& name) {
    v1::CloseDossierRequest request;
    request.set_name(name);
    return dossiers_.Close(caller, request);
  }

  absl::StatusOr<v1::Document> CreateDocument(const Caller& caller, const std::string& dossier,
                                              const std::string& bytes) {
    v1::CreateDocumentRequest request;
    request.set_parent(dossier);
    request.mutable_document()->set_subject("Anlage");
    request.set_inline_content(bytes);
    return documents_.Create(caller, request);
  }

  absl::StatusOr<v1::Document> FileUpload(const Caller& caller, const std::string& dossier,
                                          const std::string& upload) {
    v1::CreateDocumentRequest request;
    request.set_parent(dossier);
    request.mutable_document()->set_subject("Anlage");
    request.set_upload(upload);
    return documents_.Create(caller, request);
  }

  absl::StatusOr<v1::Upload> CreateUpload(const Caller& caller, const std::string& dossier,
                                          const std::string& bytes) {
    v1::CreateUploadRequest request;
    request.set_parent("tenants/" + caller.tenant);
    request.mutable_upload()->set_dossier(dossier);
    request.mutable_upload()->set_size(static_cast<std::int64_t>(bytes.size()));
    request.mutable_upload()->set_sha256(Sha256Of(bytes));
    return uploads_.Create(caller, request);
  }

  absl::StatusOr<v1::Upload> GetUpload(const Caller& caller, const std::string& name) {
    v1::GetUploadRequest request;
    request.set_name(name);
    return uploads_.Get(caller, request);
  }

  using Sink = std::unique_ptr<rpc::Sink<v1::AppendUploadRequest, v1::Upload>>;

  absl::StatusOr<Sink> OpenAppend(const Caller& caller, const std::string& name,
                                  std::int64_t offset) {
    v1::AppendUploadRequest first;
    first.set_name(name);
    first.set_offset(offset);
    return uploads_.Append(caller, first);
  }

  static absl::Status Send(const Sink& sink, std::string_view bytes) {
    v1::AppendUploadRequest request;
    for (; !bytes.empty(); bytes.remove_prefix(request.data().size())) {
      request.set_data(std::string(bytes.substr(0, 256 * 1024)));
      absl::Status status = sink->Write(request);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // One whole stream.
  absl::StatusOr<v1::Upload> Append(const Caller& caller, const std::string& name,
                                    std::int64_t offset, std::string_view bytes) {
    absl::StatusOr<Sink> sink = OpenAppend(caller, name, offset);
    if (!sink.ok()) return sink.status();
    absl::Status sent = Send(*sink, bytes);
    if (!sent.ok()) return sent;
    return (*sink)->Finish();
  }

  absl::StatusOr<std::string> Download(const Caller& caller, const std::string& name,
                                       std::int64_t offset = 0, std::int64_t length = 0) {
    v1::DownloadContentRequest request;
    request.set_name(name);
    request.set_offset(offset);
    request.set_length(length);
    auto source = documents_.Download(caller, request);
    if (!source.ok()) return source.status();
    std::string bytes;
    v1::DownloadContentResponse message;
    while (true) {
      auto pull = (*source)->Next(message, [] {});
      if (!pull.ok()) return pull.status();
      if (*pull == rpc::Pull::kEnd) return bytes;
      bytes.append(message.data());
    }
  }

  // The store's files behind a document with inline content.
  static ContentId ContentOf(const v1::Document& document) {
    const std::string& name = document.name();
    return {"smi", name.substr(name.rfind('/') + 1)};
  }

  // Rows as the superuser sees them.
  std::int64_t Count(const std::string& from_where) {
    pqxx::connection connection(database_.superuser_conninfo());
    pqxx::nontransaction tx(connection);
    return tx.exec("SELECT count(*) FROM " + from_where)[0][0].as<std::int64_t>();
  }

  // The log's newest entry about a resource.
  audit::v1::AuditEntry LastEntry(const std::string& resource) {
    pqxx::connection connection(database_.superuser_conninfo());
    pqxx::nontransaction tx(connection);
    const pqxx::result rows = tx.exec_params(
        "SELECT leaf FROM ledger_pending WHERE resource = $1 ORDER BY position DESC LIMIT 1",
        resource);
    audit::v1::AuditEntry entry;
    EXPECT_TRUE(!rows.empty() && entry.ParseFromString(pg::GetBytes(rows[0]["leaf"])));
    return entry;
  }

  // Past everything.
  void AsSuperuser(const std::string& sql) {
    pqxx::connection connection(database_.superuser_conninfo());
    pqxx::nontransaction(connection).exec(sql);
  }

  testing::TestDatabase database_{AllMigrations()};
  testing::FakeClock clock_;
  pg::Pool pool_{{.conninfo = database_.conninfo()}};
  pg::Database db_{pool_, clock_};
  paging::Tokens tokens_{std::string(32, 'k')};
  TestStore content_;
  std::unique_ptr<MediaTypes> media_types_ = *MediaTypes::Open();
  const Key master_key_ = Key::Random();
  TenantKeys keys_{db_, master_key_};
  Storage storage_{content_.get(), keys_, *media_types_};
  absl::TimeZone zone_ = [] {
    absl::TimeZone zone;
    EXPECT_TRUE(absl::LoadTimeZone("Europe/Berlin", &zone));
    return zone;
  }();
  FilePlan file_plan_{db_, tokens_};
  Dossiers dossiers_{db_, tokens_, zone_};
  Documents documents_{db_, tokens_, clock_, storage_};
  Uploads uploads_{db_, clock_, storage_};
  Provisioner provisioner_{db_, keys_};
};

}  // namespace sockel::efile
