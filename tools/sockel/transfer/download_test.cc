#include "tools/sockel/transfer/download.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/testing/fake_clock.h"
#include "tools/sockel/profile.h"
#include "tools/sockel/testing_folder.h"
#include "tools/sockel/transfer/hash.h"

namespace sockel::cli {
namespace {

using efile::v1::Document;
using efile::v1::DocumentService;

// A service that breaks off each download after some bytes. The clock goes on
// with each call.
class FlakyDocuments final : public DocumentService::Service {
 public:
  FlakyDocuments(std::string content, testing::FakeClock& clock)
      : content_(std::move(content)), clock_(clock) {}

  // Bytes that a call gives, and how it then ends, unless with the last byte.
  void Give(std::size_t bytes, grpc::Status end) {
    absl::MutexLock lock(&mutex_);
    bytes_ = bytes;
    end_ = std::move(end);
  }
  int calls() const {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }

  grpc::Status DownloadContent(
      grpc::ServerContext*, const efile::v1::DownloadContentRequest* request,
      grpc::ServerWriter<efile::v1::DownloadContentResponse>* writer) override {
    absl::MutexLock lock(&mutex_);
    ++calls_;
    clock_.Advance(absl::Seconds(50));
    const auto offset = static_cast<std::size_t>(request->offset());
    efile::v1::DownloadContentResponse response;
    response.set_data(content_.substr(offset, bytes_));
    if (!response.data().empty()) writer->Write(response);
    return offset + bytes_ >= content_.size() ? grpc::Status::OK : end_;
  }

 private:
  const std::string content_;
  testing::FakeClock& clock_;
  mutable absl::Mutex mutex_;
  std::size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  grpc::Status end_ ABSL_GUARDED_BY(mutex_);
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
};

class DownloadTest : public ::testing::Test {
 protected:
  DownloadTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ = DocumentService::NewStub(server_->InProcessChannel(grpc::ChannelArguments()));
    document_.set_name("tenants/smi/dossiers/d/documents/1");
    document_.mutable_content()->set_size(4);
    Sha256 hash;
    hash.Add("four");
    document_.mutable_content()->set_sha256(hash.Finish());
  }
  ~DownloadTest() override { server_->Shutdown(); }

  absl::Status Get() {
    Progress progress(4, 1);
    return Download(Caller(), *stub_, document_, target_, progress, clock_);
  }

  TestingFolder folder_;
  const std::filesystem::path target_ = folder_ / "got.txt";
  testing::FakeClock clock_;
  FlakyDocuments service_{"four", clock_};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<DocumentService::Stub> stub_;
  Document document_;
};

TEST_F(DownloadTest, GoesOnAsLongAsBytesCome) {
  service_.Give(1, {grpc::StatusCode::UNAVAILABLE, "restarting"});
  const absl::Status got = Get();
  ASSERT_TRUE(got.ok()) << got;
  EXPECT_EQ(*ReadFile(target_), "four");
  EXPECT_EQ(service_.calls(), 4) << "together they take more than three minutes";
}

TEST_F(DownloadTest, IsRepeatedAfterEveryKindOfInterruption) {
  for (const grpc::StatusCode code :
       {grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::DEADLINE_EXCEEDED,
        grpc::StatusCode::CANCELLED}) {
    std::filesystem::remove(target_);
    service_.Give(2, {code, "broken off"});
    EXPECT_TRUE(Get().ok()) << code;
  }
}

TEST_F(DownloadTest, GivesUpAMinuteAfterTheLastByte) {
  service_.Give(0, {grpc::StatusCode::UNAVAILABLE, "away"});
  EXPECT_TRUE(absl::IsUnavailable(Get()));
  EXPECT_EQ(service_.calls(), 2);
}

TEST_F(DownloadTest, DoesNotRepeatWhatWasRefused) {
  service_.Give(0, {grpc::StatusCode::PERMISSION_DENIED, "no"});
  EXPECT_TRUE(absl::IsPermissionDenied(Get()));
  EXPECT_EQ(service_.calls(), 1);
}

TEST_F(DownloadTest, WhatWasReceivedWronglyGetsNoName) {
  document_.mutable_content()->set_sha256(std::string(32, 'x'));
  service_.Give(4, grpc::Status::OK);
  EXPECT_TRUE(absl::IsDataLoss(Get()));
  EXPECT_FALSE(std::filesystem::exists(target_));
}

TEST_F(DownloadTest, OverwritesNothing) {
  ASSERT_TRUE(WritePrivateFile(target_, "mine").ok());
  EXPECT_TRUE(absl::IsAlreadyExists(Get()));
  ASSERT_TRUE(WritePrivateFile(target_, "four").ok());
  EXPECT_TRUE(Get().ok()) << "it is there already";
  EXPECT_EQ(service_.calls(), 0);
}

// A link that leads nowhere is something, too; and opening a pipe would wait for ever.
TEST_F(DownloadTest, ReplacesNothingThatIsNoFile) {
  ASSERT_EQ(mkfifo(target_.c_str(), 0600), 0);
  const absl::Status status = Get();
  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  EXPECT_NE(status.ToString().find(target_.string()), std::string::npos);
  std::filesystem::remove(target_);
  std::filesystem::create_symlink("nowhere", target_);
  EXPECT_TRUE(absl::IsAlreadyExists(Get()));
  EXPECT_EQ(service_.calls(), 0);
}

TEST(SafeFileNameTest, IsTheDocumentsOwnWhereThatIsSafe) {
  Document document;
  document.set_name("tenants/smi/dossiers/d/documents/0190");
  document.set_file_name("Bescheid – Müller.pdf");
  EXPECT_EQ(SafeFileName(document), "Bescheid – Müller.pdf");
  document.set_file_name(".bash_login");
  EXPECT_EQ(SafeFileName(document), "_bash_login");
  document.set_file_name("../../.ssh/authorized_keys");
  EXPECT_EQ(SafeFileName(document), "authorized_keys");
}

TEST(SafeFileNameTest, IsNeverEmptyAndNeverTooLong) {
  Document document;
  EXPECT_EQ(SafeFileName(document), "document");
  document.set_name("tenants/smi/dossiers/d/documents/0190");
  EXPECT_EQ(SafeFileName(document), "0190");
  document.set_name("tenants/smi/dossiers/d/documents/..");
  EXPECT_EQ(SafeFileName(document), "_.");
  document.set_file_name(absl::StrCat(std::string(300, 'x'), ".pdf"));
  EXPECT_EQ(SafeFileName(document), absl::StrCat(std::string(236, 'x'), ".pdf"));
}

}  // namespace
}  // namespace sockel::cli
