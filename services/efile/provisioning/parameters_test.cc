#include "services/efile/provisioning/parameters.h"

#include <gtest/gtest.h>

#include <google/protobuf/util/json_util.h>

namespace sockel::efile {
namespace {

google::protobuf::Struct FromJson(const std::string& json) {
  google::protobuf::Struct result;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &result).ok()) << json;
  return result;
}

TEST(FilePlanFromTest, ReadsTheOrdersEntries) {
  auto entries = FilePlanFrom(FromJson(R"({"sender_address": "x", "file_plan": [
      {"code": "413-1", "title": "Bauanträge", "retention_years": 30, "disposition": "APPRAISE"},
      {"code": "0", "title": "Organisation", "disposition": "ARCHIVE"}]})"));
  ASSERT_TRUE(entries.ok()) << entries.status();
  ASSERT_EQ(entries->size(), 2u);
  EXPECT_EQ((*entries)[0].code, "413-1");
  EXPECT_EQ((*entries)[0].entry.retention().years(), 30);
  EXPECT_EQ((*entries)[0].entry.retention().disposition(), v1::Retention::APPRAISE);
  EXPECT_TRUE((*entries)[1].entry.retention().unlimited());
}

TEST(FilePlanFromTest, NoFilePlanIsAnEmptyOne) {
  auto entries = FilePlanFrom(FromJson("{}"));
  ASSERT_TRUE(entries.ok());
  EXPECT_TRUE(entries->empty());
}

TEST(FilePlanFromTest, RefusesWhatItCannotUnderstand) {
  for (
      const char* json :
      {R"({"file_plan": "x"})", R"({"file_plan": [1]})", R"({"file_plan": [{}]})",
       R"({"file_plan": [{"code": "../x", "title": "t", "disposition": "ARCHIVE"}]})",
       R"({"file_plan": [{"code": "1", "disposition": "ARCHIVE"}]})",
       R"({"file_plan": [{"code": "1", "title": "t", "disposition": "BURN"}]})",
       R"({"file_plan": [{"code": "1", "title": "t", "retention_years": 0, "disposition": "ARCHIVE"}]})",
       R"({"file_plan": [{"code": "1", "title": "t", "retention_years": 1.5, "disposition": "ARCHIVE"}]})",
       R"({"file_plan": [{"code": "1", "title": "t", "retention_years": 1e300, "disposition": "ARCHIVE"}]})"}) {
    EXPECT_EQ(FilePlanFrom(FromJson(json)).status().code(), absl::StatusCode::kInvalidArgument)
        << json;
  }
}

TEST(FilePlanFromTest, TakesTitlesOfThreeHundredCharactersInAnyLanguage) {
  const auto titled = [](int characters) {
    std::string title;
    for (int i = 0; i < characters; ++i) title += "ö";
    const std::string entry =
        R"({"code": "1", "disposition": "ARCHIVE", "title": ")" + title + "\"}";
    return FilePlanFrom(FromJson(R"({"file_plan": [)" + entry + "]}"));
  };
  EXPECT_TRUE(titled(300).ok());
  EXPECT_EQ(titled(301).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(HashOfTest, DiffersWithTenantAndEntries) {
  auto one = *FilePlanFrom(
      FromJson(R"({"file_plan": [{"code": "1", "title": "t", "disposition": "ARCHIVE"}]})"));
  EXPECT_EQ(HashOf("smi", one), HashOf("smi", one));
  EXPECT_NE(HashOf("smi", one), HashOf("sms", one));
  EXPECT_NE(HashOf("smi", one), HashOf("smi", {}));
}

}  // namespace
}  // namespace sockel::efile
