#include "services/efile/uploads/orphan_sweep.h"

#include "common/error/error.h"
#include "common/ids/ids.h"
#include "services/efile/content/content_writer.h"
#include "services/efile/efile_fixture.h"
#include "services/efile/uploads/upload_cleanup.h"

namespace sockel::efile {
namespace {

constexpr std::chrono::hours kOld(25);

class OrphanSweepTest : public EfileTest {
 protected:
  void SetUp() override {
    EfileTest::SetUp();
    dossier_ = CreateDossier()->name();
  }
  // A document whose bytes nobody changed for more than a day.
  v1::Document OldDocument() {
    auto document = CreateDocument(User(), dossier_, "kept");
    EXPECT_TRUE(document.ok()) << document.status();
    content_.Age(ContentOf(*document), kOld);
    return *document;
  }
  // Bytes that no record refers to, as a process leaves them that dies between
  // writing them and the commit.
  ContentId Orphan(const std::string& tenant = "smi", std::chrono::seconds age = kOld) {
    const ContentId id{tenant, ids::NewUuidV7(clock_.Now())};
    EXPECT_TRUE(WriteContent(content_.get(), id, Key::Random(), "lost").ok());
    content_.Age(id, age);
    return id;
  }
  static ContentId ContentOfUpload(const std::string& name) {
    return {"smi", name.substr(name.rfind('/') + 1)};
  }
  // As an older backup of the database has it, and as it was before that.
  void SetDatabaseBackBefore(const v1::Document& document) {
    const std::string rows = " WHERE content_id = '" + ContentOf(document).id + "'";
    AsSuperuser("CREATE TABLE later_contents AS SELECT * FROM contents" + rows);
    AsSuperuser("CREATE TABLE later_documents AS SELECT * FROM documents" + rows);
    AsSuperuser("DELETE FROM documents" + rows);
    AsSuperuser("DELETE FROM contents" + rows);
  }
  void BringDatabaseForward() {
    AsSuperuser("INSERT INTO contents SELECT * FROM later_contents");
    AsSuperuser("INSERT INTO documents SELECT * FROM later_documents");
  }

  std::string dossier_;
  metrics::Registry metrics_;
  OrphanSweep sweep_{db_, content_.get(), metrics_};
};

TEST_F(OrphanSweepTest, RemovesWhatNoRecordRefersTo) {
  const v1::Document document = OldDocument();
  const ContentId orphan = Orphan();
  absl::Status status = sweep_.RunOnce();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_FALSE(content_.Has(orphan));
  EXPECT_EQ(*Download(User(), document.name()), "kept");
  EXPECT_NE(metrics_.Text().find("sockel_efile_orphans_discarded_total 1"), std::string::npos);
}

TEST_F(OrphanSweepTest, WhatItTookLiesInTheTrashForThirtyDays) {
  OldDocument();
  const ContentId orphan = Orphan("smi", std::chrono::hours(24 * 40));
  for (const int days : {0, 29}) {
    if (days > 0) content_.AgeInTrash(orphan, std::chrono::hours(24 * days));
    ASSERT_TRUE(sweep_.RunOnce().ok());
    EXPECT_TRUE(content_.HasInTrash(orphan)) << days;
  }
  content_.AgeInTrash(orphan, std::chrono::hours(24 * 31));
  ASSERT_TRUE(sweep_.RunOnce().ok());
  EXPECT_FALSE(content_.HasInTrash(orphan));
  EXPECT_FALSE(content_.Has(orphan));
  EXPECT_NE(metrics_.Text().find("sockel_efile_orphans_removed_total 1"), std::string::npos);
}

TEST_F(OrphanSweepTest, WhatTheDatabaseKnowsAgainIsMovedBack) {
  OldDocument();
  const v1::Document later = OldDocument();
  SetDatabaseBackBefore(later);
  ASSERT_TRUE(sweep_.RunOnce().ok());
  EXPECT_TRUE(content_.HasInTrash(ContentOf(later)));
  content_.AgeInTrash(ContentOf(later), std::chrono::hours(24 * 31));
  BringDatabaseForward();
  EXPECT_EQ(error::ReasonOf(Download(User(), later.name()).status()), "CONTENT_DAMAGED");
  ASSERT_TRUE(sweep_.RunOnce().ok());
  EXPECT_FALSE(content_.HasInTrash(ContentOf(later)));
  EXPECT_EQ(*Download(User(), later.name()), "kept");
  EXPECT_NE(metrics_.Text().find("sockel_efile_orphans_put_back_total 1"), std::string::npos);
}

TEST_F(OrphanSweepTest, AFaultOfTheStoreDoesNotKeepTheTrashFromBeingEmptied) {
  OldDocument();
  OldDocument();
  const ContentId discarded = Orphan();
  ASSERT_TRUE(sweep_.RunOnce().ok());
  content_.AgeInTrash(discarded, std::chrono::hours(24 * 31));
  const ContentId stuck = Orphan();
  // What lies where it would go cannot be replaced.
  std::filesystem::create_directories(content_.TrashPathOf(stuck) + "/x");
  EXPECT_EQ(sweep_.RunOnce().code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(content_.Has(stuck));
  EXPECT_FALSE(content_.HasInTrash(discarded));
}

TEST_F(OrphanSweepTest, PassesOverWhatAnotherReplicaHasInHand) {
  OldDocument();
  const ContentId orphan = Orphan();
  const auto held = content_.get().OpenPart(orphan);
  ASSERT_TRUE(held.ok()) << held.status();
  EXPECT_TRUE(sweep_.RunOnce().ok());
  EXPECT_TRUE(content_.Has(orphan));
  EXPECT_NE(metrics_.Text().find("sockel_efile_orphans_discarded_total 0"), std::string::npos);
}

TEST_F(OrphanSweepTest, EndsARoundWhenToldToStop) {
  OldDocument();
  const ContentId orphan = Orphan();
  OrphanSweep stopped(db_, content_.get(), metrics_, [] { return true; });
  EXPECT_TRUE(stopped.RunOnce().ok());
  EXPECT_TRUE(content_.Has(orphan));
}

TEST_F(OrphanSweepTest, TheTrashStaysAsItIsWhenMoreIsUnknownThanKnown) {
  OldDocument();
  const ContentId discarded = Orphan();
  ASSERT_TRUE(sweep_.RunOnce().ok());
  content_.AgeInTrash(discarded, std::chrono::hours(24 * 31));
  Orphan();
  Orphan();
  EXPECT_EQ(sweep_.RunOnce().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(content_.HasInTrash(discarded));
}

TEST_F(OrphanSweepTest, KeepsWhatIsYoungerThanADayWhateverTheOwnClockSays) {
  OldDocument();
  const ContentId young = Orphan("smi", std::chrono::hours(23));
  const ContentId fresh = Orphan("smi", std::chrono::seconds(0));
  clock_.Advance(absl::Hours(24 * 365));
  ASSERT_TRUE(sweep_.RunOnce().ok());
  EXPECT_TRUE(content_.Has(young));
  EXPECT_TRUE(content_.Has(fresh));
}

TEST_F(OrphanSweepTest, KeepsTheBytesOfUploadsWhereverTheyStand) {
  const std::string bytes(100'000, 'x');
  const std::string half = CreateUpload(User(), dossier_, bytes)->name();
  ASSERT_TRUE(Append(User(), half, 0, std::string_view(bytes).substr(0, 70'000)).ok());
  const std::string complete = CreateUpload(User(), dossier_, bytes)->name();
  ASSERT_TRUE(Append(User(), complete, 0, bytes).ok());
  const std::string filed = CreateUpload(User(), dossier_, bytes)->name();
  ASSERT_TRUE(Append(User(), filed, 0, bytes).ok());
  auto document = FileUpload(User(), dossier_, filed);
  for (const std::string& name : {half, complete, filed}) {
    content_.Age(ContentOfUpload(name), kOld);
  }
  ASSERT_TRUE(sweep_.RunOnce().ok());
  EXPECT_TRUE(Append(User(), half, 65536, std::string_view(bytes).substr(65536)).ok());
  EXPECT_TRUE(FileUpload(User(), dossier_, complete).ok());
  EXPECT_TRUE(*Download(User(), document->name()) == bytes);
}

TEST_F(OrphanSweepTest, RemovesAPartThatWasMadeAfterItsUploadWasCleanedUp) {
  OldDocument();
  const std::string name = CreateUpload(User(), dossier_, "x")->name();
  v1::CancelUploadRequest cancel;
  cancel.set_name(name);
  ASSERT_TRUE(uploads_.Cancel(User(), cancel).ok());
  ASSERT_TRUE(UploadCleanup(db_, clock_, content_.get(), metrics_).RunOnce().ok());
  const ContentId part = ContentOfUpload(name);
  ASSERT_TRUE(content_.get().OpenPart(part).ok());  // by a stream that came too late
  content_.Age(part, kOld);
  ASSERT_TRUE(sweep_.RunOnce().ok());
  EXPECT_FALSE(content_.Has(part));
}

TEST_F(OrphanSweepTest, RemovesNothingWhenTheDatabaseDoesNotAnswer) {
  OldDocument();
  const ContentId orphan = Orphan();
  pg::Pool away({.conninfo = "host=/nowhere dbname=nothing"});
  pg::Database database(away, clock_);
  OrphanSweep sweep(database, content_.get(), metrics_);
  EXPECT_EQ(sweep.RunOnce().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(content_.Has(orphan));
}

TEST_F(OrphanSweepTest, RemovesNothingOfATenantThatTheDatabaseDoesNotKnow) {
  OldDocument();
  const ContentId unknown = Orphan("sms");
  const ContentId orphan = Orphan("smi");
  absl::Status status = sweep_.RunOnce();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(std::string(status.message()).find("sms"), std::string::npos);
  EXPECT_TRUE(content_.Has(unknown));
  EXPECT_FALSE(content_.Has(orphan));
}

TEST_F(OrphanSweepTest, RemovesNothingWhenMoreIsUnknownThanKnown) {
  OldDocument();
  const ContentId one = Orphan(), two = Orphan();
  EXPECT_EQ(sweep_.RunOnce().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(content_.Has(one));
  EXPECT_TRUE(content_.Has(two));
  OldDocument();
  EXPECT_TRUE(sweep_.RunOnce().ok());
  EXPECT_FALSE(content_.Has(one));
  EXPECT_FALSE(content_.Has(two));
}

TEST_F(OrphanSweepTest, TheCleanupMeasuresTheSpaceWithoutTheDatabaseToo) {
  pg::Pool away({.conninfo = "host=/nowhere dbname=nothing"});
  pg::Database database(away, clock_);
  EXPECT_FALSE(UploadCleanup(database, clock_, content_.get(), metrics_).RunOnce().ok());
  const double size = metrics_.Gauge("sockel_efile_content_size_bytes", "").Value();
  EXPECT_GT(size, 0);
  EXPECT_LE(metrics_.Gauge("sockel_efile_content_free_bytes", "").Value(), size);
}

TEST_F(OrphanSweepTest, IsPartOfTheCleanup) {
  const v1::Document document = OldDocument();
  const ContentId orphan = Orphan();
  ASSERT_TRUE(UploadCleanup(db_, clock_, content_.get(), metrics_).RunOnce().ok());
  EXPECT_FALSE(content_.Has(orphan));
  EXPECT_EQ(*Download(User(), document.name()), "kept");
}

}  // namespace
}  // namespace sockel::efile
