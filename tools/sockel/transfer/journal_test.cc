#include "tools/sockel/transfer/journal.h"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <utility>

#include "tools/sockel/testing_folder.h"

namespace sockel::cli {
namespace {

class JournalTest : public ::testing::Test {
 protected:
  std::unique_ptr<Journal> Open(const std::string& key = "put") {
    auto journal = Journal::Open(folder_.path(), key);
    EXPECT_TRUE(journal.ok()) << journal.status();
    return *std::move(journal);
  }

  int Files() const {
    int count = 0;
    for (const auto& file : std::filesystem::directory_iterator(folder_ / "transfers")) {
      count += file.is_regular_file() ? 1 : 0;
    }
    return count;
  }

  // What a process leaves that is killed while it writes.
  void TearLastLine() {
    for (const auto& file : std::filesystem::directory_iterator(folder_ / "transfers")) {
      std::ofstream(file.path(), std::ios::app) << "{\"file\":\"torn.pdf\",\"sha2";
    }
  }

  TestingFolder folder_;
};

TEST_F(JournalTest, TheNextRunKnowsWhatThisOneDid) {
  TransferState state;
  {
    const auto journal = Open();
    EXPECT_FALSE(journal->resumed());
    state = journal->Get("a.pdf", "hash");
    EXPECT_FALSE(state.request_id.empty());
    state.upload = "tenants/smi/uploads/1";
    ASSERT_TRUE(journal->Put("a.pdf", state).ok());
  }
  const auto again = Open();
  EXPECT_TRUE(again->resumed());
  EXPECT_EQ(again->Get("a.pdf", "hash"), state);
}

TEST_F(JournalTest, AChangedFileIsAnotherOne) {
  const auto journal = Open();
  TransferState state = journal->Get("a.pdf", "hash");
  ASSERT_TRUE(journal->Put("a.pdf", state).ok());
  EXPECT_NE(journal->Get("a.pdf", "other hash").request_id, state.request_id);
}

TEST_F(JournalTest, ALineCutOffByAKillIsIgnoredAndTheNextOneIsNot) {
  TransferState first;
  {
    const auto journal = Open();
    first = journal->Get("a.pdf", "hash");
    ASSERT_TRUE(journal->Put("a.pdf", first).ok());
  }
  TearLastLine();
  TransferState second;
  {
    const auto journal = Open();
    EXPECT_EQ(journal->Get("a.pdf", "hash"), first);
    second = journal->Get("b.pdf", "hash");
    ASSERT_TRUE(journal->Put("b.pdf", second).ok());
  }
  const auto again = Open();
  EXPECT_EQ(again->Get("a.pdf", "hash"), first);
  EXPECT_EQ(again->Get("b.pdf", "hash"), second) << "it would be filed twice";
}

TEST_F(JournalTest, FieldsOfAnotherTypeAreNoCrash) {
  { ASSERT_TRUE(Open()->Put("a.pdf", {"hash", "1", "2", "", ""}).ok()); }
  for (const auto& file : std::filesystem::directory_iterator(folder_ / "transfers")) {
    std::ofstream(file.path()) << "{\"file\": 7, \"sha256\": [1]}\n7\n";
  }
  EXPECT_NE(Open()->Get("a.pdf", "hash").request_id, "1");
}

TEST_F(JournalTest, TwoAtOnceAreOneTooMany) {
  const auto journal = Open();
  EXPECT_TRUE(absl::IsAborted(Journal::Open(folder_.path(), "put").status()));
  EXPECT_TRUE(Journal::Open(folder_.path(), "another put").ok());
}

TEST_F(JournalTest, AfterTheEndNothingIsLeft) {
  {
    const auto journal = Open();
    ASSERT_TRUE(journal->Put("a.pdf", journal->Get("a.pdf", "hash")).ok());
    journal->Finish();
  }
  EXPECT_EQ(Files(), 0);
  EXPECT_FALSE(Open()->resumed());
}

TEST_F(JournalTest, OneInWhichNothingWasNotedLeavesNoFile) {
  Open();
  EXPECT_EQ(Files(), 0);
}

TEST_F(JournalTest, KnowsWhetherTheServiceHasAnythingOfIt) {
  const auto journal = Open();
  TransferState state = journal->Get("a.pdf", "hash");
  ASSERT_TRUE(journal->Put("a.pdf", state).ok());
  EXPECT_FALSE(journal->HasFruits());
  state.upload = "tenants/smi/uploads/1";
  ASSERT_TRUE(journal->Put("a.pdf", state).ok());
  EXPECT_TRUE(journal->HasFruits());
}

TEST_F(JournalTest, AnotherPutHasAnotherJournal) {
  const auto journal = Open();
  ASSERT_TRUE(journal->Put("a.pdf", journal->Get("a.pdf", "hash")).ok());
  EXPECT_FALSE(Open("another put")->resumed());
}

}  // namespace
}  // namespace sockel::cli
