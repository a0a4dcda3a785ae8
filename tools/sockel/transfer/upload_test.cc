#include "tools/sockel/transfer/upload.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/auth/testing/fake_identity.h"
#include "common/error/error.h"
#include "common/error/grpc_status.h"
#include "common/testing/fake_clock.h"
#include "tools/sockel/testing_folder.h"
#include "tools/sockel/transfer/hash.h"

namespace sockel::cli {
namespace {

using efile::v1::AppendUploadRequest;
using efile::v1::Document;
using efile::v1::DocumentService;
using efile::v1::Upload;
using efile::v1::UploadService;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kDossier[] = "tenants/smi/dossiers/d";

const grpc::Status kRestarting(grpc::StatusCode::UNAVAILABLE, "restarting");
const grpc::Status kRefused(grpc::StatusCode::PERMISSION_DENIED, "not you");

// As the e-file says it.
grpc::Status Busy() {
  absl::Status status = error::Make(absl::StatusCode::kAborted, "UPLOAD_BUSY",
                                    "Another stream took this upload over, or it was given up.");
  error::SetRetryAfter(status, absl::Milliseconds(200));
  return error::ToGrpc(status, "efile.sockel");
}

// Keeps one upload, the latest, and breaks its streams off as told.
class FakeUploads final : public UploadService::Service {
 public:
  // The next stream ends so, once the upload has that many bytes.
  void BreakNext(std::size_t bytes, grpc::Status end) {
    absl::MutexLock lock(&mutex_);
    breaks_.push_back({bytes, std::move(end)});
  }
  void Expire() {
    absl::MutexLock lock(&mutex_);
    upload_.set_state(Upload::EXPIRED);
  }
  // Called once, when a stream's first message is here and no other is read yet.
  void AfterFirstMessage(std::function<void()> hook) {
    absl::MutexLock lock(&mutex_);
    hook_ = std::move(hook);
  }

  std::string content() const {
    absl::MutexLock lock(&mutex_);
    return content_;
  }
  // Where each stream began.
  std::vector<std::int64_t> offsets() const {
    absl::MutexLock lock(&mutex_);
    return offsets_;
  }
  // Those of the calls of CreateUpload.
  std::vector<std::string> request_ids() const {
    absl::MutexLock lock(&mutex_);
    return request_ids_;
  }

  grpc::Status CreateUpload(grpc::ServerContext*, const efile::v1::CreateUploadRequest* request,
                            Upload* answer) override {
    absl::MutexLock lock(&mutex_);
    request_ids_.push_back(request->request_id());
    upload_ = request->upload();
    upload_.set_name(absl::StrCat(request->parent(), "/uploads/", request_ids_.size()));
    upload_.set_state(Upload::RECEIVING);
    content_.clear();
    *answer = upload_;
    return grpc::Status::OK;
  }

  grpc::Status GetUpload(grpc::ServerContext*, const efile::v1::GetUploadRequest* request,
                         Upload* answer) override {
    absl::MutexLock lock(&mutex_);
    if (request->name() != upload_.name()) return {grpc::StatusCode::NOT_FOUND, request->name()};
    *answer = upload_;
    return grpc::Status::OK;
  }

  grpc::Status AppendUpload(grpc::ServerContext*, grpc::ServerReader<AppendUploadRequest>* reader,
                            Upload* answer) override {
    AppendUploadRequest message;
    if (!reader->Read(&message)) return {grpc::StatusCode::INVALID_ARGUMENT, "no message"};
    grpc::Status status = Begin(message);
    bool more = status.ok();
    while (more) {
      status = Take(message.data());
      more = status.ok() && reader->Read(&message);
    }
    if (status.ok()) End(*answer);
    return status;
  }

 private:
  struct Break {
    std::size_t bytes;
    grpc::Status end;
  };

  // A wrong place is refused for good, so that a test does not wait for long.
  grpc::Status Begin(const AppendUploadRequest& first) {
    std::function<void()> hook;
    {
      absl::MutexLock lock(&mutex_);
      offsets_.push_back(first.offset());
      if (first.name() != upload_.name() || first.offset() != upload_.received_size()) {
        return {grpc::StatusCode::INVALID_ARGUMENT, "this upload goes on elsewhere"};
      }
      hook = std::exchange(hook_, nullptr);
    }
    if (hook) hook();
    return grpc::Status::OK;
  }

  grpc::Status Take(const std::string& data) {
    absl::MutexLock lock(&mutex_);
    content_ += data;
    grpc::Status status;
    if (!breaks_.empty() && content_.size() >= breaks_.front().bytes) {
      content_.resize(breaks_.front().bytes);
      status = breaks_.front().end;
      breaks_.erase(breaks_.begin());
    }
    upload_.set_received_size(static_cast<std::int64_t>(content_.size()));
    return status;
  }

  void End(Upload& answer) {
    absl::MutexLock lock(&mutex_);
    if (upload_.received_size() == upload_.size()) upload_.set_state(Upload::COMPLETE);
    answer = upload_;
  }

  mutable absl::Mutex mutex_;
  Upload upload_ ABSL_GUARDED_BY(mutex_);
  std::string content_ ABSL_GUARDED_BY(mutex_);
  std::vector<Break> breaks_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> hook_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::int64_t> offsets_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> request_ids_ ABSL_GUARDED_BY(mutex_);
};

// Files what the upload holds.
class FakeDocuments final : public DocumentService::Service {
 public:
  explicit FakeDocuments(const FakeUploads& uploads) : uploads_(uploads) {}

  // Names of the uploads that were filed.
  std::vector<std::string> filed() const {
    absl::MutexLock lock(&mutex_);
    return filed_;
  }

  grpc::Status CreateDocument(grpc::ServerContext*, const efile::v1::CreateDocumentRequest* request,
                              Document* answer) override {
    Sha256 hash;
    hash.Add(uploads_.content());
    absl::MutexLock lock(&mutex_);
    filed_.push_back(request->upload());
    document_ = request->document();
    document_.set_name(absl::StrCat(request->parent(), "/documents/", filed_.size()));
    document_.mutable_content()->set_sha256(hash.Finish());
    *answer = document_;
    return grpc::Status::OK;
  }

  grpc::Status GetDocument(grpc::ServerContext*, const efile::v1::GetDocumentRequest* request,
                           Document* answer) override {
    absl::MutexLock lock(&mutex_);
    if (request->name() != document_.name()) return {grpc::StatusCode::NOT_FOUND, request->name()};
    *answer = document_;
    return grpc::Status::OK;
  }

 private:
  const FakeUploads& uploads_;
  mutable absl::Mutex mutex_;
  Document document_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> filed_ ABSL_GUARDED_BY(mutex_);
};

class UploadTest : public ::testing::Test {
 protected:
  UploadTest() {
    unsetenv("SOCKEL_EFILE");
    unsetenv("SOCKEL_IDENTITY");
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&uploads_);
    builder.RegisterService(&documents_);
    server_ = builder.BuildAndStart();
    Profile profile;
    profile.name = "test";
    profile.endpoints["efile"] = absl::StrCat("127.0.0.1:", port);
    // Good for as long as a test takes: identity is never asked.
    profile.access_token = "access";
    profile.access_expire_time = absl::Now() + absl::Hours(1);
    profile.refresh_token = "refresh";
    session_.Adopt(profile);
    // Too large to travel with the document, and not the same anywhere.
    for (std::size_t i = 0; i < 1'500'000; ++i) bytes_ += static_cast<char>(i * 7 + i / 1000);
    Write();
  }
  ~UploadTest() override { server_->Shutdown(); }

  void Write() const { std::ofstream(file_, std::ios::binary) << bytes_; }

  // The file as one run of `sockel documents put` files it.
  absl::StatusOr<Document> Put() {
    auto journal = Journal::Open(folder_.path(), "put");
    if (!journal.ok()) return journal.status();
    const auto size = static_cast<std::int64_t>(bytes_.size());
    Progress progress(size, 1);
    Uploader uploader(session_, kDossier, Document(), **journal, progress, clock_);
    if (absl::Status ready = uploader.Prepare(); !ready.ok()) return ready;
    return uploader.Put({file_, "scan.pdf", size});
  }

  // Every stream takes so long from now on.
  void StreamsTake(absl::Duration time) {
    uploads_.AfterFirstMessage([this, time] {
      clock_.Advance(time);
      StreamsTake(time);
    });
  }

  testing::FakeClock clock_;
  TestingFolder folder_;
  const std::filesystem::path file_ = folder_ / "scan.pdf";
  std::string bytes_;
  Globals globals_{.profile = "test"};
  Session session_{ProfileStore(folder_.path()), globals_};
  FakeUploads uploads_;
  FakeDocuments documents_{uploads_};
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(UploadTest, GoesOnWhereTheConnectionBroke) {
  uploads_.BreakNext(393'216, kRestarting);
  const auto put = Put();
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_THAT(uploads_.offsets(), ElementsAre(0, 393'216));
  EXPECT_TRUE(uploads_.content() == bytes_);
  EXPECT_THAT(documents_.filed(), ElementsAre("tenants/smi/uploads/1"));
}

TEST_F(UploadTest, GoesOnWithAnotherTokenWhenItsOwnWasRevoked) {
  auth::FakeIdentity identity;
  Profile profile = *session_.profile();
  profile.endpoints["identity"] = identity.address();
  profile.refresh_token = "refresh-0";
  session_.Adopt(profile);
  uploads_.BreakNext(393'216,
                     error::ToGrpc(error::Make(absl::StatusCode::kUnauthenticated,
                                               error::CommonReason::TOKEN_REVOKED, "stopped"),
                                   "efile.sockel"));
  const auto put = Put();
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_THAT(uploads_.offsets(), ElementsAre(0, 393'216));
  EXPECT_EQ(identity.token_calls(), 1);
}

TEST_F(UploadTest, IsNotRepeatedWhenTheStoreIsFull) {
  uploads_.BreakNext(65'536,
                     error::ToGrpc(error::Make(absl::StatusCode::kResourceExhausted,
                                               error::CommonReason::STORAGE_FULL, "no space left"),
                                   "efile.sockel"));
  EXPECT_EQ(error::ReasonOf(Put().status()), "STORAGE_FULL");
  EXPECT_THAT(uploads_.offsets(), ElementsAre(0));
}

TEST_F(UploadTest, TheNextRunGoesOnWhereThisOneStopped) {
  uploads_.BreakNext(65'536, kRefused);
  EXPECT_TRUE(absl::IsPermissionDenied(Put().status()));
  const auto put = Put();
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_THAT(uploads_.offsets(), ElementsAre(0, 65'536));
  EXPECT_TRUE(uploads_.content() == bytes_);
  EXPECT_THAT(documents_.filed(), ElementsAre("tenants/smi/uploads/1"));
}

TEST_F(UploadTest, WhatIsFiledIsNotFiledAgain) {
  const auto put = Put();
  ASSERT_TRUE(put.ok()) << put.status();
  const auto again = Put();
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->name(), put->name());
  EXPECT_THAT(uploads_.offsets(), ElementsAre(0));
  EXPECT_EQ(documents_.filed().size(), 1u);
}

TEST_F(UploadTest, AnUploadThatBrokeAfterItsLastByteIsCompleted) {
  uploads_.BreakNext(bytes_.size(), kRestarting);
  const auto put = Put();
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_THAT(uploads_.offsets(), ElementsAre(0, 1'500'000));
  EXPECT_TRUE(uploads_.content() == bytes_);
}

TEST_F(UploadTest, AnExpiredUploadBeginsAnew) {
  uploads_.BreakNext(65'536, kRefused);
  EXPECT_TRUE(absl::IsPermissionDenied(Put().status()));
  uploads_.Expire();
  const auto put = Put();
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_THAT(uploads_.offsets(), ElementsAre(0, 0));
  EXPECT_TRUE(uploads_.content() == bytes_);
  EXPECT_THAT(documents_.filed(), ElementsAre("tenants/smi/uploads/2"));
  const auto request_ids = uploads_.request_ids();
  ASSERT_EQ(request_ids.size(), 2u);
  EXPECT_NE(request_ids[0], request_ids[1]) << "the answer would be the expired upload again";
}

TEST_F(UploadTest, AFileThatShrinksWhileItIsReadIsNotFiled) {
  // So much that it cannot all be on its way when the first message is here.
  bytes_.assign(std::size_t{16} << 20, 'x');
  Write();
  uploads_.AfterFirstMessage([this] { std::filesystem::resize_file(file_, 1 << 20); });
  const absl::Status status = Put().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(file_.string()));
  EXPECT_THAT(std::string(status.message()), HasSubstr("became shorter"));
  EXPECT_THAT(uploads_.offsets(), ElementsAre(0)) << "it does not grow again by trying";
  EXPECT_THAT(documents_.filed(), IsEmpty());
}

TEST_F(UploadTest, GoesOnAfterAStreamThatTookLongAndBroughtSomething) {
  StreamsTake(absl::Hours(1));
  uploads_.BreakNext(393'216, kRestarting);
  uploads_.BreakNext(786'432, kRestarting);
  const auto put = Put();
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_THAT(uploads_.offsets(), ElementsAre(0, 393'216, 786'432));
  EXPECT_TRUE(uploads_.content() == bytes_);
}

TEST_F(UploadTest, IsGivenUpWhenStreamsTakeLongAndBringNothing) {
  StreamsTake(absl::Hours(1));
  uploads_.BreakNext(393'216, kRestarting);
  uploads_.BreakNext(393'216, kRestarting);
  const absl::Status status = Put().status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(uploads_.offsets(), ElementsAre(0, 393'216));
  EXPECT_THAT(documents_.filed(), IsEmpty());
}

TEST_F(UploadTest, TriesAgainWhileAnotherStreamIsAtTheUpload) {
  uploads_.BreakNext(0, Busy());
  uploads_.BreakNext(0, Busy());
  const auto put = Put();
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_THAT(uploads_.offsets(), ElementsAre(0, 0, 0));
  EXPECT_EQ(uploads_.request_ids().size(), 1u);
  EXPECT_TRUE(uploads_.content() == bytes_);
}

}  // namespace
}  // namespace sockel::cli
