#include "common/paging/page.h"

#include <gtest/gtest.h>

#include <string>

#include "sockel/audit/v1/audit.pb.h"

namespace sockel::paging {
namespace {

using audit::v1::ListEntriesResponse;
using audit::v1::LogEntry;

Rows<LogEntry> RowsOf(int count, std::size_t bytes = 1) {
  Rows<LogEntry> found;
  for (int i = 0; i < count; ++i) found.rows.emplace_back().set_leaf(std::string(bytes, 'x'));
  return found;
}

TEST(FillTest, TakesAllThereAre) {
  ListEntriesResponse response;
  EXPECT_FALSE(Fill(RowsOf(3), 3, *response.mutable_entries()));
  EXPECT_EQ(response.entries_size(), 3);
  response.clear_entries();
  EXPECT_FALSE(Fill(RowsOf(0), 3, *response.mutable_entries()));
}

TEST(FillTest, EndsAtTheLimit) {
  ListEntriesResponse response;
  EXPECT_TRUE(Fill(RowsOf(4), 3, *response.mutable_entries()));
  EXPECT_EQ(response.entries_size(), 3);
}

TEST(FillTest, EndsBeforeTheAnswerIsTooLargeForAClient) {
  constexpr std::size_t kMostOfAClient = 4 << 20;
  ListEntriesResponse response;
  EXPECT_TRUE(Fill(RowsOf(1000, 64 * 1024), 1000, *response.mutable_entries()));
  EXPECT_LT(response.ByteSizeLong(), kMostOfAClient / 2);
  EXPECT_GE(response.ByteSizeLong(), kPageBytes);
}

TEST(FillTest, GetsOnAlsoWhenOneRowIsLargerThanAPage) {
  ListEntriesResponse response;
  EXPECT_TRUE(Fill(RowsOf(2, kPageBytes + 1), 50, *response.mutable_entries()));
  EXPECT_EQ(response.entries_size(), 1);
}

TEST(FillTest, KnowsOfThoseThatTheStoreLeftOut) {
  Rows<LogEntry> found = RowsOf(1);
  found.more = true;
  ListEntriesResponse response;
  EXPECT_TRUE(Fill(std::move(found), 50, *response.mutable_entries()));
}

}  // namespace
}  // namespace sockel::paging
