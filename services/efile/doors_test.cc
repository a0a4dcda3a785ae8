#include <grpcpp/grpcpp.h>

#include "common/auth/roles.h"
#include "common/error/error.h"
#include "common/error/grpc_status.h"
#include "common/rpc/testing/in_process_server.h"
#include "services/efile/documents/document_service.h"
#include "services/efile/dossiers/dossier_service.h"
#include "services/efile/efile_fixture.h"
#include "services/efile/file_plan/file_plan_service.h"
#include "services/efile/provisioning/provisioner_service.h"
#include "services/efile/uploads/upload_service.h"

namespace sockel::efile {
namespace {

using rpc::testing::InProcessServer;

// The doors in a real server, with the real roles.
class DoorsTest : public EfileTest {
 protected:
  void SetUp() override {
    EfileTest::SetUp();
    server_.Serve(
        {&file_plan_door_, &dossier_door_, &document_door_, &upload_door_, &provisioner_door_});
    dossiers_stub_ = v1::DossierService::NewStub(server_.channel());
    documents_stub_ = v1::DocumentService::NewStub(server_.channel());
    uploads_stub_ = v1::UploadService::NewStub(server_.channel());
    dossier_ = NewDossier();
  }
  void TearDown() override { server_.Stop(); }

  static std::unique_ptr<grpc::ClientContext> Caseworker(const std::string& tenant = "smi",
                                                         const std::string& user = "anna") {
    return InProcessServer::Context(tenant, {"caseworker"}, user);
  }
  static std::string ReasonOf(const grpc::Status& status) {
    return error::ReasonOf(error::FromGrpc(status));
  }

  std::string NewDossier() {
    v1::CreateDossierRequest request;
    request.set_parent("tenants/smi");
    request.mutable_dossier()->set_subject("Antrag");
    request.mutable_dossier()->set_file_plan_entry("tenants/smi/filePlanEntries/413-1");
    v1::Dossier dossier;
    grpc::Status status = dossiers_stub_->CreateDossier(Caseworker().get(), request, &dossier);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return dossier.name();
  }

  v1::Upload Announce(const std::string& bytes) {
    v1::CreateUploadRequest request;
    request.set_parent("tenants/smi");
    request.mutable_upload()->set_dossier(dossier_);
    request.mutable_upload()->set_size(static_cast<std::int64_t>(bytes.size()));
    request.mutable_upload()->set_sha256(Sha256Of(bytes));
    v1::Upload upload;
    grpc::Status status = uploads_stub_->CreateUpload(Caseworker().get(), request, &upload);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return upload;
  }

  grpc::Status AppendAll(grpc::ClientContext& context, const std::string& name, std::int64_t offset,
                         std::string_view bytes, v1::Upload& upload) {
    auto writer = uploads_stub_->AppendUpload(&context, &upload);
    v1::AppendUploadRequest message;
    message.set_name(name);
    message.set_offset(offset);
    do {
      message.set_data(std::string(bytes.substr(0, 256 * 1024)));
      bytes.remove_prefix(message.data().size());
      if (!writer->Write(message)) break;
      message.clear_name();
    } while (!bytes.empty());
    writer->WritesDone();
    return writer->Finish();
  }

  grpc::Status DownloadAll(grpc::ClientContext& context, const std::string& name,
                           std::string& bytes) {
    v1::DownloadContentRequest request;
    request.set_name(name);
    auto reader = documents_stub_->DownloadContent(&context, request);
    v1::DownloadContentResponse message;
    bool first = true;
    while (reader->Read(&message)) {
      EXPECT_EQ(message.has_content(), first);
      EXPECT_LE(message.data().size(), 256u * 1024);
      first = false;
      bytes.append(message.data());
    }
    return reader->Finish();
  }

  InProcessServer server_{{.domain = "efile.sockel", .allows = &auth::Allows}};
  FilePlanDoor file_plan_door_{server_.dispatcher(), file_plan_};
  DossierDoor dossier_door_{server_.dispatcher(), dossiers_};
  DocumentDoor document_door_{server_.dispatcher(), documents_};
  UploadDoor upload_door_{server_.dispatcher(), uploads_};
  ProvisionerDoor provisioner_door_{server_.dispatcher(), provisioner_};
  std::unique_ptr<v1::DossierService::Stub> dossiers_stub_;
  std::unique_ptr<v1::DocumentService::Stub> documents_stub_;
  std::unique_ptr<v1::UploadService::Stub> uploads_stub_;
  std::string dossier_;
};

TEST_F(DoorsTest, EveryRpcDeclaresItsPermission) {
  EXPECT_TRUE(server_.dispatcher().status().ok()) << server_.dispatcher().status();
}

TEST_F(DoorsTest, BytesGoInAndComeOut) {
  std::string bytes(5'000'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + i / 1000);
  const v1::Upload upload = Announce(bytes);
  v1::Upload complete;
  grpc::Status status = AppendAll(*Caseworker(), upload.name(), 0, bytes, complete);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(complete.state(), v1::Upload::COMPLETE);

  v1::CreateDocumentRequest request;
  request.set_parent(dossier_);
  request.mutable_document()->set_subject("Anlage");
  request.set_upload(upload.name());
  request.set_request_id("0190a1b2-0000-4000-8000-000000000001");
  v1::Document document, again;
  status = documents_stub_->CreateDocument(Caseworker().get(), request, &document);
  ASSERT_TRUE(status.ok()) << status.error_message();
  status = documents_stub_->CreateDocument(Caseworker().get(), request, &again);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(again.SerializeAsString(), document.SerializeAsString());

  std::string received;
  status = DownloadAll(*Caseworker(), document.name(), received);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(received == bytes);
}

TEST_F(DoorsTest, ACancelledUploadStreamKeepsItsWholeSegments) {
  const std::string bytes(1'000'000, 'x');
  const v1::Upload upload = Announce(bytes);
  {
    auto context = Caseworker();
    v1::Upload unused;
    auto writer = uploads_stub_->AppendUpload(context.get(), &unused);
    v1::AppendUploadRequest message;
    message.set_name(upload.name());
    message.set_data(bytes.substr(0, 300'000));
    ASSERT_TRUE(writer->Write(message));
    context->TryCancel();
    EXPECT_FALSE(writer->Finish().ok());
  }
  // Until the server has noticed, another stream is refused and may retry.
  v1::Upload complete;
  grpc::Status status;
  for (int i = 0; i < 1000; ++i) {
    v1::GetUploadRequest get;
    get.set_name(upload.name());
    v1::Upload now;
    ASSERT_TRUE(uploads_stub_->GetUpload(Caseworker().get(), get, &now).ok());
    EXPECT_EQ(now.received_size() % 65536, 0);
    const std::int64_t from = now.received_size();
    status = AppendAll(*Caseworker(), upload.name(), from,
                       std::string_view(bytes).substr(static_cast<std::size_t>(from)), complete);
    if (status.ok()) break;
    ASSERT_TRUE(status.error_code() == grpc::StatusCode::ABORTED ||
                status.error_code() == grpc::StatusCode::OUT_OF_RANGE)
        << status.error_message();
  }
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(complete.state(), v1::Upload::COMPLETE);
}

TEST_F(DoorsTest, AMalformedMessageEndsTheUploadAndWhatCameBeforeIsKept) {
  const std::string bytes(3 * 65536, 'x');
  const v1::Upload upload = Announce(bytes);
  v1::AppendUploadRequest message;
  message.set_name(upload.name());
  message.set_data(bytes.substr(0, 2 * 65536));
  const grpc::Status status =
      server_.StreamBytes(*Caseworker(), "/sockel.efile.v1.UploadService/AppendUpload",
                          {message.SerializeAsString(), "\xFF\xFF\xFF"});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(status), "FIELD_INVALID");
  EXPECT_NE(status.error_message().find("sockel.efile.v1.AppendUploadRequest"), std::string::npos);
  EXPECT_EQ(GetUpload(User(), upload.name())->received_size(), 2 * 65536);
}

TEST_F(DoorsTest, AnUploadWithAllItsBytesIsCompletedByAnEmptyMessage) {
  const std::string bytes(2 * 65536, 'x');
  const v1::Upload upload = Announce(bytes);
  {  // All bytes arrive, and the client goes away before it hears so.
    auto sink = OpenAppend(User(), upload.name(), 0);
    ASSERT_TRUE(Send(*sink, bytes).ok());
  }
  ASSERT_EQ(GetUpload(User(), upload.name())->received_size(), upload.size());
  v1::Upload complete;
  grpc::Status status = AppendAll(*Caseworker(), upload.name(), upload.size(), "", complete);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(complete.state(), v1::Upload::COMPLETE);
}

TEST_F(DoorsTest, DamagedContentIsCalledThat) {
  auto document = CreateDocument(User(), dossier_, std::string(100'000, 'x'));
  ASSERT_TRUE(document.ok()) << document.status();
  std::string stored = content_.ReadFile(ContentOf(*document));
  stored[70'000] = static_cast<char>(stored[70'000] ^ 1);
  content_.WriteFile(ContentOf(*document), stored);
  std::string received;
  grpc::Status status = DownloadAll(*Caseworker(), document->name(), received);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(ReasonOf(status), "CONTENT_DAMAGED");
}

TEST_F(DoorsTest, AFirstMessageWithoutNameIsRefused) {
  v1::Upload upload;
  grpc::Status status = AppendAll(*Caseworker(), "", 0, "x", upload);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
}

TEST_F(DoorsTest, AnotherTenantAndAReaderAreKeptOut) {
  const std::string bytes = "x";
  const v1::Upload upload = Announce(bytes);
  v1::Upload unused;
  EXPECT_FALSE(AppendAll(*Caseworker("sms"), upload.name(), 0, bytes, unused).ok());
  EXPECT_EQ(AppendAll(*InProcessServer::Context("smi", {"reader"}), upload.name(), 0, bytes, unused)
                .error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  v1::GetDossierRequest get;
  get.set_name(dossier_);
  v1::Dossier dossier;
  EXPECT_FALSE(dossiers_stub_->GetDossier(Caseworker("sms").get(), get, &dossier).ok());
  EXPECT_TRUE(
      dossiers_stub_->GetDossier(InProcessServer::Context("smi", {"reader"}).get(), get, &dossier)
          .ok());
}

TEST_F(DoorsTest, OversizedAndMalformedInputNamesItsField) {
  v1::CreateDocumentRequest request;
  request.set_parent(dossier_);
  request.mutable_document()->set_subject(std::string(501, 'x'));
  request.set_inline_content("x");
  v1::Document document;
  grpc::Status status = documents_stub_->CreateDocument(Caseworker().get(), request, &document);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(status.error_message().find("document.subject"), std::string::npos);

  request.mutable_document()->set_subject("x");
  request.set_inline_content(std::string(1024 * 1024 + 1, 'x'));
  status = documents_stub_->CreateDocument(Caseworker().get(), request, &document);
  EXPECT_EQ(ReasonOf(status), "FIELD_INVALID") << status.error_message();
  request.set_inline_content(std::string(1024 * 1024, 'x'));
  EXPECT_TRUE(documents_stub_->CreateDocument(Caseworker().get(), request, &document).ok());

  request.mutable_document()->set_file_name(std::string("a\0b", 3));
  status = documents_stub_->CreateDocument(Caseworker().get(), request, &document);
  EXPECT_EQ(ReasonOf(status), "FIELD_INVALID");
}

TEST_F(DoorsTest, AnAnnouncementNeedsSizeAndHash) {
  v1::CreateUploadRequest request;
  request.set_parent("tenants/smi");
  request.mutable_upload()->set_dossier(dossier_);
  request.mutable_upload()->set_sha256("short");
  request.mutable_upload()->set_size(5'000'000'000);
  v1::Upload upload;
  grpc::Status status = uploads_stub_->CreateUpload(Caseworker().get(), request, &upload);
  EXPECT_EQ(ReasonOf(status), "FIELD_INVALID");
  EXPECT_NE(status.error_message().find("upload."), std::string::npos);
  request.mutable_upload()->clear_size();
  EXPECT_EQ(uploads_stub_->CreateUpload(Caseworker().get(), request, &upload).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(DoorsTest, WhyADossierCannotBeClosedIsListed) {
  const v1::Upload upload = Announce("x");
  v1::CloseDossierRequest request;
  request.set_name(dossier_);
  v1::Dossier dossier;
  grpc::Status status = dossiers_stub_->CloseDossier(Caseworker().get(), request, &dossier);
  EXPECT_EQ(ReasonOf(status), "DOSSIER_NOT_CLOSABLE");
  EXPECT_NE(status.error_details().find(upload.name()), std::string::npos);
}

TEST_F(DoorsTest, OfManyReasonsAgainstClosingSomeAreNamedAndTheRestIsCounted) {
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(CreateUpload(User(), dossier_, "x").ok());
  v1::CloseDossierRequest request;
  request.set_name(dossier_);
  v1::Dossier dossier;
  grpc::Status status = dossiers_stub_->CloseDossier(Caseworker().get(), request, &dossier);
  EXPECT_EQ(ReasonOf(status), "DOSSIER_NOT_CLOSABLE");
  EXPECT_NE(status.error_message().find("100 upload(s)"), std::string::npos);
  EXPECT_NE(status.error_details().find("And 85 more"), std::string::npos);
  EXPECT_LT(status.error_details().size(), 4u * 1024);
}

}  // namespace
}  // namespace sockel::efile
