#include "tools/sockel/transfer/journal.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tools/sockel/testing_folder.h"

namespace sockel::cli {
namespace {

class JournalTest : public ::testing::Test {
 protected:
  TestingFolder folder_;
};

TEST_F(JournalTest, TheNextRunKnowsWhatThisOneDid) {
  TransferState state;
  {
    Journal journal(folder_.path(), "put");
    EXPECT_FALSE(journal.resumed());
    state = journal.Get("a.pdf", "hash");
    EXPECT_FALSE(state.request_id.empty());
    state.upload = "tenants/smi/uploads/1";
    ASSERT_TRUE(journal.Put("a.pdf", state).ok());
  }
  Journal again(folder_.path(), "put");
  EXPECT_TRUE(again.resumed());
  EXPECT_EQ(again.Get("a.pdf", "hash"), state);
}

TEST_F(JournalTest, AChangedFileIsAnotherOne) {
  Journal journal(folder_.path(), "put");
  TransferState state = journal.Get("a.pdf", "hash");
  ASSERT_TRUE(journal.Put("a.pdf", state).ok());
  EXPECT_NE(journal.Get("a.pdf", "other hash").request_id, state.request_id);
}

TEST_F(JournalTest, ALineCutOffByAKillIsIgnored) {
  TransferState state;
  {
    Journal journal(folder_.path(), "put");
    state = journal.Get("a.pdf", "hash");
    ASSERT_TRUE(journal.Put("a.pdf", state).ok());
  }
  for (const auto& file : std::filesystem::directory_iterator(folder_ / "transfers")) {
    std::ofstream(file.path(), std::ios::app) << "{\"file\":\"b.pdf\",\"sha2";
  }
  Journal again(folder_.path(), "put");
  EXPECT_EQ(again.Get("a.pdf", "hash"), state);
}

TEST_F(JournalTest, AfterTheEndNothingIsLeft) {
  {
    Journal journal(folder_.path(), "put");
    ASSERT_TRUE(journal.Put("a.pdf", journal.Get("a.pdf", "hash")).ok());
    journal.Finish();
  }
  EXPECT_FALSE(Journal(folder_.path(), "put").resumed());
}

TEST_F(JournalTest, AnotherPutHasAnotherJournal) {
  Journal journal(folder_.path(), "put");
  ASSERT_TRUE(journal.Put("a.pdf", journal.Get("a.pdf", "hash")).ok());
  EXPECT_FALSE(Journal(folder_.path(), "another put").resumed());
}

}  // namespace
}  // namespace sockel::cli
