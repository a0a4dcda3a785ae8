#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <set>

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
    EXPECT_EQ(store.get().Discard(id).status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(store.get().RemoveDiscarded(id).status().code(), absl::StatusCode::kInvalidArgument);
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

TEST(FileStoreTest, TellsTheSpaceOfItsFileSystem) {
  TestStore store;
  auto space = store.get().Space();
  ASSERT_TRUE(space.ok()) << space.status();
  EXPECT_GT(space->size, 0u);
  EXPECT_LE(space->free, space->size);
}

class ListUnchangedTest : public ::testing::Test {
 protected:
  // A content that nobody changed for two hours. Its folder is the last two of
  // `number`'s four digits.
  ContentId Old(const std::string& tenant, int number) {
    const std::string digits = std::to_string(10'000 + number).substr(1);
    const ContentId id{tenant, "0190a1b2-0000-7000-8000-00000000" + digits};
    EXPECT_TRUE(WriteContent(store_.get(), id, Key::Random(), "x").ok());
    store_.Age(id, std::chrono::hours(2));
    return id;
  }
  Stretch List(const Place& begin = {}, std::size_t limit = 1000) {
    auto stretch = store_.get().ListUnchanged(absl::Hours(1), begin, limit);
    EXPECT_TRUE(stretch.ok()) << stretch.status();
    return *std::move(stretch);
  }
  static std::multiset<std::string> Names(const Stretch& stretch) {
    std::multiset<std::string> names;
    for (const ContentId& id : stretch.unchanged) names.insert(id.tenant + "/" + id.id);
    return names;
  }
  TestStore store_;
};

TEST_F(ListUnchangedTest, ListsContentsAndPartsThatNobodyChanged) {
  const ContentId content = Old("smi", 1);
  const ContentId part{"sms", "0190a1b2-0000-7000-8000-0000000000a1"};
  ASSERT_TRUE(store_.get().OpenPart(part).ok());
  store_.Age(part, std::chrono::hours(2));
  const ContentId young{"smi", "0190a1b2-0000-7000-8000-0000000000a2"};
  ASSERT_TRUE(WriteContent(store_.get(), young, Key::Random(), "x").ok());
  EXPECT_EQ(Names(List()), (std::multiset<std::string>{"smi/" + content.id, "sms/" + part.id}));
}

TEST_F(ListUnchangedTest, AContentIsAsYoungAsItsYoungestFile) {
  const ContentId id = Old("smi", 1);
  std::ofstream(store_.PathOf(id) + ".part") << "x";
  EXPECT_TRUE(List().unchanged.empty());
  store_.Age(id, std::chrono::hours(2));
  EXPECT_EQ(List().unchanged.size(), 1u);
}

TEST_F(ListUnchangedTest, PassesOverWhatIsNotTheStores) {
  const ContentId id = Old("smi", 1);
  const std::string folder = store_.root() + "/smi/01/";
  for (const std::string& path :
       {store_.root() + "/readme", store_.root() + "/smi/notes", folder + "notes.txt",
        folder + id.id + ".part.bak", folder + "0190a1b2-0000-7000-8000-00000000ff01.tmp"}) {
    std::ofstream(path) << "x";
    std::filesystem::last_write_time(
        path, std::filesystem::file_time_type::clock::now() - std::chrono::hours(2));
  }
  std::filesystem::create_directory(store_.root() + "/lost+found");
  std::filesystem::create_directory(folder + "0190a1b2-0000-7000-8000-00000000fe01");
  EXPECT_EQ(Names(List()), (std::multiset<std::string>{"smi/" + id.id}));
}

TEST_F(ListUnchangedTest, GoesThroughTheStoreInPieces) {
  std::multiset<std::string> all, listed;
  for (const char* tenant : {"smi", "smi-2", "sms"}) {
    for (int number : {101, 201, 301, 102, 103}) {
      all.insert(std::string(tenant) + "/" + Old(tenant, number).id);
    }
  }
  Stretch stretch;
  int pieces = 0;
  do {
    stretch = List(stretch.next, 2);
    EXPECT_LE(stretch.unchanged.size(), 2u);
    listed.merge(Names(stretch));
    ASSERT_LT(++pieces, 20);
  } while (!stretch.next.tenant.empty());
  EXPECT_EQ(listed, all);
  EXPECT_GT(pieces, 7);
}

class TrashTest : public ListUnchangedTest {
 protected:
  Stretch Discarded(absl::Duration age, const Place& begin = {}, std::size_t limit = 1000) {
    auto stretch = store_.get().ListDiscarded(age, begin, limit);
    EXPECT_TRUE(stretch.ok()) << stretch.status();
    return *std::move(stretch);
  }
};

TEST_F(TrashTest, WhatIsDiscardedIsNeitherOpenedNorListed) {
  const ContentId id = Old("smi", 1);
  EXPECT_TRUE(*store_.get().Discard(id));
  EXPECT_FALSE(store_.Has(id));
  EXPECT_TRUE(store_.HasInTrash(id));
  EXPECT_EQ(store_.get().Open(id).status().code(), absl::StatusCode::kDataLoss);
  store_.AgeInTrash(id, std::chrono::hours(2));
  EXPECT_TRUE(List().unchanged.empty());
}

TEST_F(TrashTest, IsEmptyBeforeAnythingWasDiscarded) {
  EXPECT_TRUE(Discarded(absl::ZeroDuration()).unchanged.empty());
  EXPECT_FALSE(*store_.get().Discard(kId));
  EXPECT_FALSE(*store_.get().PutBack(kId));
  EXPECT_FALSE(*store_.get().RemoveDiscarded(kId));
  EXPECT_EQ(store_.CountFiles(), 0);
}

TEST_F(TrashTest, CountsFromTheMoveNotFromTheLastChange) {
  const ContentId id = Old("smi", 1);
  ASSERT_TRUE(store_.get().Discard(id).ok());
  EXPECT_TRUE(Discarded(absl::Hours(1)).unchanged.empty());
  store_.AgeInTrash(id, std::chrono::hours(2));
  EXPECT_EQ(Names(Discarded(absl::Hours(1))), (std::multiset<std::string>{"smi/" + id.id}));
  ASSERT_TRUE(store_.get().RemoveDiscarded(id).ok());
  EXPECT_EQ(store_.CountFiles(), 0);
}

TEST_F(TrashTest, TakesPartsTooButNoneThatIsBeingWritten) {
  auto part = store_.get().OpenPart(kId);
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_EQ(error::ReasonOf(store_.get().Discard(kId).status()), "UPLOAD_BUSY");
  EXPECT_TRUE(store_.Has(kId));
  part->reset();
  ASSERT_TRUE(store_.get().Discard(kId).ok());
  EXPECT_FALSE(store_.Has(kId));
  EXPECT_TRUE(store_.HasInTrash(kId));
}

TEST_F(TrashTest, IsGoneThroughInPieces) {
  for (int number : {101, 201, 102}) ASSERT_TRUE(store_.get().Discard(Old("smi", number)).ok());
  const Stretch first = Discarded(absl::ZeroDuration(), {}, 2);
  const Stretch second = Discarded(absl::ZeroDuration(), first.next, 2);
  EXPECT_EQ(first.unchanged.size(), 2u);
  EXPECT_EQ(second.unchanged.size(), 1u);
  EXPECT_TRUE(second.next.tenant.empty());
}

TEST_F(TrashTest, WhatIsPutBackIsAContentAgain) {
  const ContentId id = Old("smi", 1);
  ASSERT_TRUE(*store_.get().Discard(id));
  EXPECT_TRUE(*store_.get().PutBack(id));
  EXPECT_TRUE(store_.get().Open(id).ok());
  EXPECT_FALSE(store_.HasInTrash(id));
}

TEST_F(TrashTest, NothingIsPutBackOverAnotherContent) {
  const ContentId id = Old("smi", 1);
  ASSERT_TRUE(*store_.get().Discard(id));
  Old("smi", 1);
  store_.WriteFile(id, "another");
  EXPECT_FALSE(*store_.get().PutBack(id));
  EXPECT_EQ(store_.ReadFile(id), "another");
  EXPECT_TRUE(store_.HasInTrash(id));
}

// As somebody leaves it who links the files back by hand, or a process that dies
// half-way.
TEST_F(TrashTest, AFileInBothPlacesEndsInTheRightOne) {
  const ContentId id = Old("smi", 1);
  ASSERT_TRUE(*store_.get().Discard(id));
  std::filesystem::create_hard_link(store_.TrashPathOf(id), store_.PathOf(id));
  EXPECT_TRUE(*store_.get().PutBack(id));
  EXPECT_TRUE(store_.Has(id));
  EXPECT_FALSE(store_.HasInTrash(id));
  ASSERT_TRUE(*store_.get().Discard(id));
  std::filesystem::create_hard_link(store_.TrashPathOf(id), store_.PathOf(id));
  EXPECT_TRUE(*store_.get().Discard(id));
  EXPECT_FALSE(store_.Has(id));
  EXPECT_TRUE(store_.HasInTrash(id));
}

}  // namespace
}  // namespace sockel::efile
