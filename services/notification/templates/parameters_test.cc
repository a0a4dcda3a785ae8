#include "services/notification/templates/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/error.h"

namespace sockel::notification {
namespace {

using ::testing::HasSubstr;
using v1::TemplateParameter;

v1::TemplateVersion Version() {
  v1::TemplateVersion version;
  const auto add = [&](const char* id, TemplateParameter::Type type) {
    TemplateParameter* parameter = version.add_parameters();
    parameter->set_id(id);
    parameter->set_type(type);
    return parameter;
  };
  add("name", TemplateParameter::STRING);
  add("due", TemplateParameter::DATE);
  add("note", TemplateParameter::TEXT)->set_optional(true);
  return version;
}

ParameterValues Values(std::initializer_list<std::pair<const char*, const char*>> values) {
  ParameterValues result;
  for (const auto& [id, value] : values) result[id] = value;
  return result;
}

TEST(CheckParametersTest, TakesExactlyWhatIsDeclared) {
  EXPECT_TRUE(
      CheckParameters(Version(), Values({{"name", "Max"}, {"due", "2024-05-31"}}), "p").ok());
}

TEST(CheckParametersTest, NamesTheMissingOne) {
  const absl::Status status =
      CheckParameters(Version(), Values({{"due", "2024-05-31"}}), "message.parameters");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(error::ReasonOf(status), "PARAMETER_MISSING");
  EXPECT_THAT(status.ToString(), HasSubstr("name"));
}

TEST(CheckParametersTest, NamesTheSurplusOne) {
  const absl::Status status = CheckParameters(
      Version(), Values({{"name", "Max"}, {"due", "2024-05-31"}, {"nmae", "x"}}), "p");
  EXPECT_EQ(error::ReasonOf(status), "PARAMETER_UNKNOWN");
  EXPECT_THAT(std::string(status.message()), HasSubstr("nmae"));
}

TEST(CheckParametersTest, ChecksEachType) {
  struct Case {
    TemplateParameter::Type type;
    std::string value;
    bool good;
  };
  const std::vector<Case> cases = {
      {TemplateParameter::STRING, "one line", true},
      {TemplateParameter::STRING, "two\r\nlines", false},
      {TemplateParameter::STRING, "", true},
      {TemplateParameter::STRING, std::string(1025, 'x'), false},
      {TemplateParameter::TEXT, "two\nlines", true},
      {TemplateParameter::TEXT, "bell\a", false},
      {TemplateParameter::INTEGER, "-17", true},
      {TemplateParameter::INTEGER, "", false},
      {TemplateParameter::INTEGER, "1.5", false},
      {TemplateParameter::INTEGER, "1234567890123456789", false},
      {TemplateParameter::DATE, "2024-02-29", true},
      {TemplateParameter::DATE, "2023-02-29", false},
      {TemplateParameter::DATE, "31.05.2024", false},
      {TemplateParameter::DATE, "2024-5-1", false},
      {TemplateParameter::URL, "https://www.example.org/a?b=c#d", true},
      {TemplateParameter::URL, "javascript:alert(1)", false},
      {TemplateParameter::URL, "/relative", false},
      {TemplateParameter::URL, "https://user:secret@example.org/", false},
      {TemplateParameter::URL, "ftp://example.org/", false},
      {TemplateParameter::URL, "https://example.org/\r\nX: y", false},
  };
  for (const Case& c : cases) {
    v1::TemplateVersion version;
    version.add_parameters()->set_id("p");
    version.mutable_parameters(0)->set_type(c.type);
    const absl::Status status = CheckParameters(version, Values({{"p", c.value.c_str()}}), "p");
    EXPECT_EQ(error::ReasonOf(status), c.good ? "" : "PARAMETER_INVALID") << c.value;
  }
}

TEST(ShowParameterTest, ShowsDaysAsTheLocaleDoes) {
  EXPECT_EQ(ShowParameter(TemplateParameter::DATE, "2024-05-31", "de"), "31.05.2024");
  EXPECT_EQ(ShowParameter(TemplateParameter::DATE, "2024-05-01", "de-AT"), "01.05.2024");
  EXPECT_EQ(ShowParameter(TemplateParameter::DATE, "2024-05-01", "en"), "1 May 2024");
  EXPECT_EQ(ShowParameter(TemplateParameter::DATE, "2024-05-01", "sv"), "2024-05-01");
}

}  // namespace
}  // namespace sockel::notification
