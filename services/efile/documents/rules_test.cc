#include "services/efile/documents/rules.h"

#include <gtest/gtest.h>

#include "common/error/error.h"

namespace sockel::efile {
namespace {

v1::Document Named(const std::string& file_name) {
  v1::Document document;
  document.set_subject("s");
  document.set_file_name(file_name);
  return document;
}

TEST(CheckDocumentTest, TakesNamesOfFiles) {
  for (const char* name : {"", "Antrag.pdf", "..pdf", "Größe 10.txt", "a b;c$(d).zip"}) {
    EXPECT_TRUE(CheckDocument(Named(name)).ok()) << name;
  }
}

TEST(CheckDocumentTest, RefusesNamesThatWouldLeaveAFolder) {
  for (const std::string& name :
       {std::string(".."), std::string("."), std::string("../../etc/passwd"),
        std::string("/etc/passwd"), std::string("..\\x"), std::string("a\0b", 3),
        std::string("a\nb"), std::string("\x7f")}) {
    absl::Status status = CheckDocument(Named(name));
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(error::ReasonOf(status), "FIELD_INVALID");
  }
}

TEST(CheckDocumentTest, RefusesDaysThatDoNotExist) {
  for (auto [year, month, day] : {std::tuple{2025, 2, 29},
                                  {2025, 6, 31},
                                  {2025, 13, 1},
                                  {2025, 0, 1},
                                  {0, 1, 1},
                                  {2025, 1, 0}}) {
    v1::Document document = Named("");
    document.mutable_receive_date()->set_year(year);
    document.mutable_receive_date()->set_month(month);
    document.mutable_receive_date()->set_day(day);
    EXPECT_FALSE(CheckDocument(document).ok()) << year << "-" << month << "-" << day;
  }
}

TEST(RangeOfTest, EndsWithTheContent) {
  struct Case {
    std::int64_t offset, length, size, begin, end;
  };
  for (const Case& c : {Case{0, 0, 10, 0, 10},
                        {3, 0, 10, 3, 10},
                        {3, 4, 10, 3, 7},
                        {3, 100, 10, 3, 10},
                        {10, 0, 10, 10, 10},
                        {0, 0, 0, 0, 0},
                        {5, INT64_MAX, 10, 5, 10}}) {
    auto range = RangeOf(c.offset, c.length, c.size);
    ASSERT_TRUE(range.ok());
    EXPECT_EQ(range->begin, c.begin);
    EXPECT_EQ(range->end, c.end);
  }
  EXPECT_EQ(error::ReasonOf(RangeOf(11, 0, 10).status()), "RANGE_INVALID");
}

TEST(MessageEndTest, FallsOnSegmentBorders) {
  EXPECT_EQ(MessageEnd(0, 1'000'000), 262144);
  EXPECT_EQ(MessageEnd(100, 1'000'000), 262144);
  EXPECT_EQ(MessageEnd(262144, 1'000'000), 524288);
  EXPECT_EQ(MessageEnd(786432, 1'000'000), 1'000'000);
}

}  // namespace
}  // namespace sockel::efile
