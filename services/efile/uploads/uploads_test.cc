#include "services/efile/uploads/uploads.h"

#include <fstream>

#include "common/error/error.h"
#include "services/efile/content/segments.h"
#include "services/efile/efile_fixture.h"
#include "services/efile/uploads/upload_cleanup.h"

namespace sockel::efile {
namespace {

class UploadsTest : public EfileTest {
 protected:
  void SetUp() override {
    EfileTest::SetUp();
    dossier_ = CreateDossier()->name();
    for (int i = 0; i < 60000; ++i) bytes_ += std::to_string(i);
  }
  std::string Announce(const Caller& caller = User()) {
    return CreateUpload(caller, dossier_, bytes_)->name();
  }
  absl::StatusOr<v1::Upload> Cancel(const Caller& caller, const std::string& name) {
    v1::CancelUploadRequest request;
    request.set_name(name);
    return uploads_.Cancel(caller, request);
  }
  // The service as it is after a restart, or another replica: nothing in memory.
  Uploads Restarted() { return Uploads(db_, clock_, storage_); }

  static absl::StatusOr<Sink> OpenAt(Uploads& replica, const std::string& name,
                                     std::int64_t offset) {
    v1::AppendUploadRequest first;
    first.set_name(name);
    first.set_offset(offset);
    return replica.Append(User(), first);
  }
  static absl::StatusOr<v1::Upload> AppendAt(Uploads& replica, const std::string& name,
                                             std::int64_t offset, std::string_view bytes) {
    absl::StatusOr<Sink> sink = OpenAt(replica, name, offset);
    if (!sink.ok()) return sink.status();
    absl::Status sent = Send(*sink, bytes);
    if (!sent.ok()) return sent;
    return (*sink)->Finish();
  }
  // Two segments arrive, then the client goes away.
  void Break(const std::string& name) {
    auto sink = OpenAppend(User(), name, 0);
    ASSERT_TRUE(Send(*sink, std::string_view(bytes_).substr(0, 150000)).ok());
  }
  // Changes a byte of the second segment of a part, or changes it back: whoever
  // reads it notices.
  void Flip(const std::string& name) {
    const std::string id = name.substr(name.rfind('/') + 1);
    std::fstream file(content_.PathOf({"smi", id}) + ".part",
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(kStoredSegmentSize + 100);
    const int byte = file.get();
    file.seekp(kStoredSegmentSize + 100);
    file.put(static_cast<char>(byte ^ 1));
  }

  std::string dossier_;
  std::string bytes_;  // about 290,000
};

TEST_F(UploadsTest, BecomesADocumentOnce) {
  const std::string name = Announce();
  auto complete = Append(User(), name, 0, bytes_);
  ASSERT_TRUE(complete.ok()) << complete.status();
  EXPECT_EQ(complete->state(), v1::Upload::COMPLETE);
  EXPECT_EQ(complete->received_size(), complete->size());
  auto document = FileUpload(User(), dossier_, name);
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->content().media_type(), "text/plain");
  EXPECT_EQ(document->content().sha256(), Sha256Of(bytes_));
  EXPECT_TRUE(*Download(User(), document->name()) == bytes_);
  EXPECT_EQ(GetUpload(User(), name)->state(), v1::Upload::FILED);
  EXPECT_EQ(error::ReasonOf(FileUpload(User(), dossier_, name).status()), "UPLOAD_STATE_INVALID");
  EXPECT_EQ(error::ReasonOf(Append(User(), name, complete->size(), "").status()),
            "UPLOAD_STATE_INVALID");
  EXPECT_EQ(error::ReasonOf(Cancel(User(), name).status()), "UPLOAD_STATE_INVALID");
  EXPECT_TRUE(Download(User(), document->name()).ok());
}

TEST_F(UploadsTest, GoesOnInAnotherStream) {
  const std::string name = Announce();
  auto part = Append(User(), name, 0, std::string_view(bytes_).substr(0, 150000));
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_EQ(part->state(), v1::Upload::RECEIVING);
  EXPECT_EQ(part->received_size(), 131072);
  auto complete = Append(User(), name, 131072, std::string_view(bytes_).substr(131072));
  ASSERT_TRUE(complete.ok()) << complete.status();
  EXPECT_EQ(complete->state(), v1::Upload::COMPLETE);
}

TEST_F(UploadsTest, KeepsWholeSegmentsWhenTheClientGoesAway) {
  const std::string name = Announce();
  {
    auto sink = OpenAppend(User(), name, 0);
    ASSERT_TRUE(Send(*sink, std::string_view(bytes_).substr(0, 100000)).ok());
  }  // never finished
  EXPECT_EQ(GetUpload(User(), name)->received_size(), 65536);
  EXPECT_TRUE(Append(User(), name, 65536, std::string_view(bytes_).substr(65536)).ok());
}

TEST_F(UploadsTest, GoesOnAfterARestartOfTheService) {
  const std::string name = Announce();
  ASSERT_TRUE(Append(User(), name, 0, std::string_view(bytes_).substr(0, 140000)).ok());
  Uploads restarted = Restarted();
  v1::AppendUploadRequest message;
  message.set_name(name);
  message.set_offset(131072);
  message.set_data(bytes_.substr(131072));
  auto sink = restarted.Append(User(), message);
  ASSERT_TRUE(sink.ok()) << sink.status();
  ASSERT_TRUE((*sink)->Write(message).ok());
  auto complete = (*sink)->Finish();
  ASSERT_TRUE(complete.ok()) << complete.status();
  EXPECT_EQ(complete->state(), v1::Upload::COMPLETE);
}

TEST_F(UploadsTest, GoesOnAfterABrokenStreamWithoutRereading) {
  const std::string name = Announce();
  Break(name);
  Flip(name);
  auto sink = OpenAppend(User(), name, 131072);
  ASSERT_TRUE(sink.ok()) << sink.status();
  Flip(name);
  ASSERT_TRUE(Send(*sink, std::string_view(bytes_).substr(131072)).ok());
  auto complete = (*sink)->Finish();
  ASSERT_TRUE(complete.ok()) << complete.status();
  auto document = FileUpload(User(), dossier_, name);
  EXPECT_TRUE(*Download(User(), document->name()) == bytes_);
}

TEST_F(UploadsTest, AStreamWithoutBytesMakesNoReplicaReread) {
  const std::string name = Announce();
  Break(name);
  Uploads other = Restarted();
  ASSERT_TRUE(OpenAt(other, name, 131072).ok());
  Flip(name);
  EXPECT_TRUE(OpenAt(uploads_, name, 131072).ok());
  EXPECT_TRUE(OpenAt(other, name, 131072).ok());
}

TEST_F(UploadsTest, AfterARestartTheBytesAreReread) {
  const std::string name = Announce();
  Break(name);
  Flip(name);
  Uploads restarted = Restarted();
  EXPECT_EQ(error::ReasonOf(OpenAt(restarted, name, 131072).status()), "CONTENT_DAMAGED");
}

TEST_F(UploadsTest, LooksThroughFewLargeOnesAtATime) {
  const std::string large(kProgressStep + 2 * kSegmentSize, 'x');
  const std::string name = CreateUpload(User(), dossier_, large)->name();
  const std::int64_t received = kProgressStep + kSegmentSize;
  ASSERT_TRUE(Append(User(), name, 0, std::string_view(large).substr(0, received)).ok());
  Uploads busy(db_, clock_, storage_, 0);
  for (int attempt = 0; attempt < 2; ++attempt) {
    const absl::Status status = OpenAt(busy, name, received).status();
    EXPECT_EQ(error::ReasonOf(status), "OVERLOADED") << status;
    EXPECT_GT(error::RetryAfterOf(status), absl::ZeroDuration());
  }
  Uploads restarted = Restarted();
  auto complete = AppendAt(restarted, name, received, std::string_view(large).substr(received));
  ASSERT_TRUE(complete.ok()) << complete.status();
  EXPECT_EQ(complete->state(), v1::Upload::COMPLETE);
}

TEST_F(UploadsTest, OtherBytesAtTheSamePlaceAreNotTakenForThoseOfBefore) {
  const std::string name = Announce();
  const std::string_view right = bytes_;
  const std::string garbage(bytes_.size(), 'g');
  Uploads other = Restarted();
  ASSERT_TRUE(AppendAt(uploads_, name, 0, right.substr(0, 131072)).ok());
  EXPECT_EQ(error::ReasonOf(
                AppendAt(other, name, 131072, std::string_view(garbage).substr(131072)).status()),
            "UPLOAD_HASH_MISMATCH");
  ASSERT_TRUE(AppendAt(other, name, 0, std::string_view(garbage).substr(0, 131072)).ok());
  EXPECT_EQ(error::ReasonOf(AppendAt(uploads_, name, 131072, right.substr(131072)).status()),
            "UPLOAD_HASH_MISMATCH");
  EXPECT_EQ(GetUpload(User(), name)->state(), v1::Upload::RECEIVING);
  EXPECT_TRUE(AppendAt(uploads_, name, 0, right).ok());
}

TEST_F(UploadsTest, IsCompletedByAnEmptyStreamWhenAllBytesAreThere) {
  const std::string whole(2 * 65536, 'x');
  const std::string name = CreateUpload(User(), dossier_, whole)->name();
  {
    auto sink = OpenAppend(User(), name, 0);
    ASSERT_TRUE(Send(*sink, whole).ok());
  }  // never finished
  ASSERT_EQ(GetUpload(User(), name)->received_size(), 2 * 65536);
  ASSERT_EQ(GetUpload(User(), name)->state(), v1::Upload::RECEIVING);
  auto complete = Append(User(), name, 2 * 65536, "");
  ASSERT_TRUE(complete.ok()) << complete.status();
  EXPECT_EQ(complete->state(), v1::Upload::COMPLETE);
  auto document = FileUpload(User(), dossier_, name);
  EXPECT_TRUE(*Download(User(), document->name()) == whole);
}

TEST_F(UploadsTest, HasNoKeyOfItsOwnOnceItIsFiled) {
  const std::string name = Announce();
  ASSERT_TRUE(Append(User(), name, 0, bytes_).ok());
  auto document = FileUpload(User(), dossier_, name);
  EXPECT_EQ(Count("uploads WHERE length(wrapped_key) > 0"), 0);
  EXPECT_TRUE(*Download(User(), document->name()) == bytes_);
  EXPECT_EQ(GetUpload(User(), name)->state(), v1::Upload::FILED);
}

TEST_F(UploadsTest, ATornTailAfterAKillIsOverwritten) {
  const std::string name = Announce();
  ASSERT_TRUE(Append(User(), name, 0, std::string_view(bytes_).substr(0, 65536)).ok());
  const std::string id = name.substr(name.rfind('/') + 1);
  std::ofstream(content_.PathOf({"smi", id}) + ".part", std::ios::app) << "torn segment";
  ASSERT_TRUE(Append(User(), name, 65536, std::string_view(bytes_).substr(65536)).ok());
  auto document = FileUpload(User(), dossier_, name);
  ASSERT_TRUE(document.ok());
  EXPECT_TRUE(*Download(User(), document->name()) == bytes_);
}

TEST_F(UploadsTest, GoesOnWhenTheCommitAfterTheSealFailed) {
  const std::string name = Announce();
  ASSERT_TRUE(Append(User(), name, 0, bytes_).ok());
  // As if the transaction that made it COMPLETE had not been committed.
  pqxx::connection connection(database_.superuser_conninfo());
  pqxx::work tx(connection);
  tx.exec("UPDATE uploads SET state = 'RECEIVING', received = 65536, media_type = ''");
  tx.commit();
  auto complete = Append(User(), name, 65536, std::string_view(bytes_).substr(65536));
  ASSERT_TRUE(complete.ok()) << complete.status();
  auto document = FileUpload(User(), dossier_, name);
  EXPECT_TRUE(*Download(User(), document->name()) == bytes_);
}

TEST_F(UploadsTest, BelongsToItsCreatorAlone) {
  const std::string name = Announce();
  const Caller other = User("smi", "berta");
  EXPECT_EQ(GetUpload(other, name).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Append(other, name, 0, bytes_).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Cancel(other, name).status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(Append(User(), name, 0, bytes_).ok());
  EXPECT_EQ(FileUpload(other, dossier_, name).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(GetUpload(User("sms"), name).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(UploadsTest, HasOneWriterAtATime) {
  const std::string name = Announce();
  auto first = OpenAppend(User(), name, 0);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(error::ReasonOf(OpenAppend(User(), name, 0).status()), "UPLOAD_BUSY");
  ASSERT_TRUE(Send(*first, bytes_).ok());
  EXPECT_TRUE((*first)->Finish().ok());
}

TEST_F(UploadsTest, AWriterThatWasFencedOffChangesNothing) {
  const std::string name = Announce();
  auto sink = OpenAppend(User(), name, 0);
  ASSERT_TRUE(Send(*sink, bytes_).ok());
  ASSERT_TRUE(Cancel(User(), name).ok());
  EXPECT_EQ(error::ReasonOf((*sink)->Finish().status()), "UPLOAD_BUSY");
  EXPECT_EQ(GetUpload(User(), name)->state(), v1::Upload::CANCELLED);
}

TEST_F(UploadsTest, AWrongOffsetIsRefusedAndTheRightOneTold) {
  const std::string name = Announce();
  for (std::int64_t offset : {std::int64_t{1}, std::int64_t{65536}, std::int64_t{-1}, INT64_MAX}) {
    absl::Status status = OpenAppend(User(), name, offset).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
    EXPECT_EQ(error::ReasonOf(status), "UPLOAD_OFFSET_MISMATCH");
  }
}

TEST_F(UploadsTest, MoreBytesThanAnnouncedAreRefused) {
  const std::string name = Announce();
  EXPECT_EQ(error::ReasonOf(Append(User(), name, 0, bytes_ + "x").status()), "UPLOAD_TOO_LONG");
}

TEST_F(UploadsTest, OtherBytesThanAnnouncedAreRefusedAndItStartsAgain) {
  const std::string name = Announce();
  std::string other = bytes_;
  other[100] = static_cast<char>(other[100] ^ 1);
  EXPECT_EQ(error::ReasonOf(Append(User(), name, 0, other).status()), "UPLOAD_HASH_MISMATCH");
  EXPECT_EQ(GetUpload(User(), name)->received_size(), 0);
  EXPECT_EQ(error::ReasonOf(FileUpload(User(), dossier_, name).status()), "UPLOAD_STATE_INVALID");
  EXPECT_TRUE(Append(User(), name, 0, bytes_).ok());
}

TEST_F(UploadsTest, AnIncompleteOneIsNotFiled) {
  const std::string name = Announce();
  ASSERT_TRUE(Append(User(), name, 0, std::string_view(bytes_).substr(0, 1000)).ok());
  EXPECT_EQ(error::ReasonOf(FileUpload(User(), dossier_, name).status()), "UPLOAD_STATE_INVALID");
}

TEST_F(UploadsTest, IsForOneDossier) {
  const std::string name = Announce();
  ASSERT_TRUE(Append(User(), name, 0, bytes_).ok());
  const std::string other = CreateDossier()->name();
  EXPECT_EQ(FileUpload(User(), other, name).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(FileUpload(User(), dossier_, name).ok());
}

class UploadCleanupTest : public UploadsTest {
 protected:
  std::string PathOf(const std::string& name) {
    return content_.PathOf({"smi", name.substr(name.rfind('/') + 1)});
  }
  metrics::Registry metrics_;
  UploadCleanup cleanup_{db_, clock_, content_.get(), metrics_};
};

TEST_F(UploadCleanupTest, RemovesTheBytesOfCancelledUploads) {
  const std::string name = Announce();
  ASSERT_TRUE(Append(User(), name, 0, bytes_).ok());
  ASSERT_TRUE(Cancel(User(), name).ok());
  EXPECT_EQ(Cancel(User(), name)->state(), v1::Upload::CANCELLED);
  EXPECT_EQ(content_.CountFiles(), 1);
  ASSERT_TRUE(cleanup_.RunOnce().ok());
  EXPECT_EQ(content_.CountFiles(), 0);
  EXPECT_EQ(Count("uploads WHERE length(wrapped_key) > 0"), 0);
}

TEST_F(UploadCleanupTest, GoesOnBehindWhatCannotBeRemoved) {
  std::vector<std::string> names;
  std::vector<Sink> sinks;
  for (int i = 0; i < 100; ++i) {
    names.push_back(CreateUpload(User(), dossier_, "x")->name());
    sinks.push_back(*OpenAppend(User(), names.back(), 0));
  }
  clock_.Advance(absl::Minutes(1));
  names.push_back(Announce());
  ASSERT_TRUE(Append(User(), names.back(), 0, bytes_).ok());
  for (const std::string& name : names) ASSERT_TRUE(Cancel(User(), name).ok());
  ASSERT_TRUE(cleanup_.RunOnce().ok());
  EXPECT_EQ(content_.CountFiles(), 100);
  sinks.clear();
  ASSERT_TRUE(cleanup_.RunOnce().ok());
  EXPECT_EQ(content_.CountFiles(), 0);
}

TEST_F(UploadCleanupTest, ExpiresWhatWasAbandonedForADay) {
  const std::string name = Announce();
  ASSERT_TRUE(Append(User(), name, 0, std::string_view(bytes_).substr(0, 70000)).ok());
  clock_.Advance(absl::Hours(23));
  ASSERT_TRUE(cleanup_.RunOnce().ok());
  EXPECT_EQ(GetUpload(User(), name)->state(), v1::Upload::RECEIVING);
  ASSERT_TRUE(Append(User(), name, 65536, std::string_view(bytes_).substr(65536, 70000)).ok());
  clock_.Advance(absl::Hours(23));
  ASSERT_TRUE(cleanup_.RunOnce().ok());
  EXPECT_EQ(GetUpload(User(), name)->state(), v1::Upload::RECEIVING);  // it had moved on
  clock_.Advance(absl::Hours(2));
  ASSERT_TRUE(cleanup_.RunOnce().ok());
  EXPECT_EQ(GetUpload(User(), name)->state(), v1::Upload::EXPIRED);
  EXPECT_EQ(content_.CountFiles(), 0);
  EXPECT_NE(metrics_.Text().find("sockel_efile_uploads_expired_total 1"), std::string::npos);
  EXPECT_TRUE(CloseDossier(User(), dossier_).ok());
}

TEST_F(UploadCleanupTest, NeverTouchesWhatWasFiled) {
  const std::string name = Announce();
  ASSERT_TRUE(Append(User(), name, 0, bytes_).ok());
  auto document = FileUpload(User(), dossier_, name);
  auto inline_document = CreateDocument(User(), dossier_, "x");
  content_.Age({"smi", name.substr(name.rfind('/') + 1)}, std::chrono::hours(24 * 365));
  content_.Age(ContentOf(*inline_document), std::chrono::hours(24 * 365));
  clock_.Advance(absl::Hours(24 * 365));
  ASSERT_TRUE(cleanup_.RunOnce().ok());
  EXPECT_TRUE(*Download(User(), document->name()) == bytes_);
  EXPECT_TRUE(Download(User(), inline_document->name()).ok());
}

TEST_F(UploadCleanupTest, WaitsForAStreamThatStillWrites) {
  const std::string name = Announce();
  auto sink = OpenAppend(User(), name, 0);
  ASSERT_TRUE(Cancel(User(), name).ok());
  ASSERT_TRUE(cleanup_.RunOnce().ok());
  EXPECT_EQ(content_.CountFiles(), 1);
  sink->reset();
  ASSERT_TRUE(cleanup_.RunOnce().ok());
  EXPECT_EQ(content_.CountFiles(), 0);
}

}  // namespace
}  // namespace sockel::efile
