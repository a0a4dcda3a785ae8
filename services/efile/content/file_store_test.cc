#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "common/error/error.h"
#include "services/efile/content/content_writer.h"
#include "services/efile/content/test_store.h"

namespace sockel::efile {
namespace {

const ContentId kId{"smi", "0190a1b2-0000-7000-8000-0000000000a1"};

// The disk is full for files longer than `bytes`: the kernel then refuses the
// write in the middle, as it does without space.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST(FileStoreTest, APartBecomesAContentWhenSealed) {
  TestStore store;
  auto part = store.get().OpenPart(kId);
  ASSERT_TRUE(part.ok()) << part.status();
  ASSERT_TRUE((*part)->Append("bytes").ok());
  EXPECT_EQ(store.get().Open(kId).status().code(), absl::StatusCode::kDataLoss);
  ASSERT_TRUE((*part)->Seal().ok());
  auto content = store.get().Open(kId);
  ASSERT_TRUE(content.ok());
  EXPECT_EQ((*content)->size(), 5);
}

TEST(FileStoreTest, APartHasOneWriter) {
  TestStore store;
  auto first = store.get().OpenPart(kId);
  ASSERT_TRUE(first.ok());
  auto second = store.get().OpenPart(kId);
  EXPECT_EQ(error::ReasonOf(second.status()), "UPLOAD_BUSY");
  EXPECT_GT(error::RetryAfterOf(second.status()), absl::ZeroDuration());
  EXPECT_EQ(store.get().Remove(kId).code(), absl::StatusCode::kAborted);
  first->reset();
  EXPECT_TRUE(store.get().OpenPart(kId).ok());
}

TEST(FileStoreTest, AContentBecomesAPartAgainWithTheFirstChangeOnly) {
  TestStore store;
  auto part = store.get().OpenPart(kId);
  ASSERT_TRUE((*part)->Append("bytes").ok());
  ASSERT_TRUE((*part)->Seal().ok());
  EXPECT_EQ(store.get().OpenPart(kId).status().code(), absl::StatusCode::kAborted);
  part->reset();
  auto again = store.get().OpenPart(kId);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->size(), 5);
  EXPECT_TRUE(store.get().Open(kId).ok());
  ASSERT_TRUE((*again)->Truncate(0).ok());
  EXPECT_FALSE(store.get().Open(kId).ok());
  ASSERT_TRUE((*again)->Append("other bytes").ok());
  ASSERT_TRUE((*again)->Seal().ok());
  EXPECT_EQ((*store.get().Open(kId))->size(), 11);
}

TEST(FileStoreTest, RemovesContentAndPartAndIsContentWithNothing) {
  TestStore store;
  ASSERT_TRUE(store.get().OpenPart(kId).ok());
  EXPECT_TRUE(store.get().Remove(kId).ok());
  EXPECT_TRUE(store.get().Remove(kId).ok());
  EXPECT_EQ(store.CountFiles(), 0);
}

TEST(FileStoreTest, NamesCannotLeaveTheFolder) {
  TestStore store;
  for (const ContentId& id :
       {ContentId{"..", kId.id}, ContentId{"smi/../x", kId.id},
        ContentId{"smi", "../../etc/passwd"}, ContentId{"smi", ""},
        ContentId{"smi", std::string("0190a1b2\0", 9)}, ContentId{"smi", kId.id + "/.."}}) {
    EXPECT_EQ(store.get().OpenPart(id).status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(store.get().Open(id).status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(store.get().Remove(id).code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(FileStoreTest, FilesBelongToTheirOwnerOnly) {
  TestStore store;
  ASSERT_TRUE(WriteContent(store.get(), kId, Key::Random(), "x").ok());
  const auto mode = std::filesystem::status(store.PathOf(kId)).permissions();
  EXPECT_EQ(mode & std::filesystem::perms::all,
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(FileStoreTest, AFullDiskRefusesAndLeavesNothingBehind) {
  TestStore store;
  FileSizeLimit limit(100000);
  absl::Status status = WriteContent(store.get(), kId, Key::Random(), std::string(200000, 'x'));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(error::ReasonOf(status), "STORAGE_FULL");
  EXPECT_EQ(store.CountFiles(), 0);
}

TEST(FileStoreTest, AnUploadGoesOnWhenThereIsSpaceAgain) {
  TestStore store;
  const Key key = Key::Random();
  const std::string bytes(300000, 'x');
  {
    FileSizeLimit limit(100000);
    auto writer = ContentWriter::Open(*store.get().OpenPart(kId), kId, key, 300000, 0, Sha256());
    ASSERT_TRUE((*writer)->Append(bytes.substr(0, 200000)).ok());  // still in memory
    EXPECT_EQ(error::ReasonOf((*writer)->Sync()), "STORAGE_FULL");
  }
  auto writer = ContentWriter::Open(*store.get().OpenPart(kId), kId, key, 300000, 0, Sha256());
  ASSERT_TRUE((*writer)->Append(bytes).ok());
  EXPECT_EQ(*(*writer)->Finish(), Sha256Of(bytes));
}

}  // namespace
}  // namespace sockel::efile
