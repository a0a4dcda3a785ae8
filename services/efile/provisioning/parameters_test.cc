#include "services/efile/provisioning/parameters.h"

#include <gtest/gtest.h>

#include <google/protobuf/util/json_util.h>

#include "common/error/error.h"

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

TEST(FilePlanFromTest, NamesWhatIsOfAnotherType) {
  const auto problem = [](const std::string& entry) {
    return std::string(
        FilePlanFrom(FromJson(R"({"file_plan": [)" + entry + "]}")).status().message());
  };
  EXPECT_EQ(problem("1"), "parameters.file_plan[0]: must be an object");
  EXPECT_EQ(problem(R"({"code": 5, "title": "t", "disposition": "ARCHIVE"})"),
            "parameters.file_plan[0].code: must be a text");
  EXPECT_EQ(problem(R"({"code": "5", "title": null, "disposition": "ARCHIVE"})"),
            "parameters.file_plan[0].title: must be a text");
  EXPECT_EQ(problem(R"({"code": "5", "title": "t", "disposition": 1})"),
            "parameters.file_plan[0].disposition: must be a text");
  EXPECT_EQ(problem(R"({"code": "5", "title": "t", "disposition": "ARCHIVE",
                        "retention_years": "10"})"),
            "parameters.file_plan[0].retention_years: must be a number");
}

TEST(FilePlanFromTest, RefusesACodeThatIsThereTwice) {
  const absl::Status status = FilePlanFrom(FromJson(R"({"file_plan": [
      {"code": "1", "title": "a", "disposition": "ARCHIVE"},
      {"code": "2", "title": "b", "disposition": "ARCHIVE"},
      {"code": "1", "title": "c", "disposition": "DESTROY"}]})"))
                                  .status();
  EXPECT_EQ(error::ReasonOf(status), "FIELD_INVALID");
  EXPECT_EQ(status.message(), "parameters.file_plan[2].code: must not be in the list twice");
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
