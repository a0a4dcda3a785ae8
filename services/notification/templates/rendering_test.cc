#include "services/notification/templates/rendering.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/error.h"

namespace sockel::notification {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using v1::TemplateParameter;
using v1::TemplateText;
using v1::TemplateVersion;

TemplateParameter* AddParameter(TemplateVersion& version, const char* id,
                                TemplateParameter::Type type = TemplateParameter::STRING) {
  TemplateParameter* parameter = version.add_parameters();
  parameter->set_id(id);
  parameter->set_type(type);
  return parameter;
}

TemplateText* AddText(TemplateVersion& version, const char* locale, const char* subject,
                      const char* text, const char* html = "") {
  TemplateText* result = version.add_texts();
  result->set_locale(locale);
  result->set_subject(subject);
  result->set_text_body(text);
  result->set_html_body(html);
  return result;
}

TemplateVersion Greeting(const char* text, const char* html = "") {
  TemplateVersion version;
  AddParameter(version, "name");
  AddParameter(version, "link", TemplateParameter::URL);
  AddParameter(version, "note", TemplateParameter::TEXT)->set_optional(true);
  AddText(version, "de", "Hallo {{name}}", text, html);
  return version;
}

ParameterValues Values(const char* name) {
  ParameterValues values;
  values["name"] = name;
  values["link"] = "https://example.org/?a=1&b=2";
  return values;
}

v1::Content Rendering(const TemplateVersion& version, const ParameterValues& values) {
  EXPECT_TRUE(CheckTemplateVersion(version, "t").ok()) << CheckTemplateVersion(version, "t");
  const auto rendered = Render(version, values, "");
  EXPECT_TRUE(rendered.ok()) << rendered.status();
  return rendered.ok() ? rendered->content : v1::Content();
}

TEST(RenderTest, FillsInEveryPart) {
  const v1::Content content =
      Rendering(Greeting("{{name}}: {{link}}", "<b>{{name}}</b>"), Values("M\xC3\xBCller"));
  EXPECT_EQ(content.subject(), "Hallo M\xC3\xBCller");
  EXPECT_EQ(content.text_body(), "M\xC3\xBCller: https://example.org/?a=1&b=2");
  EXPECT_EQ(content.html_body(), "<b>M\xC3\xBCller</b>");
}

TEST(RenderTest, EscapesInHtmlOnly) {
  const v1::Content content =
      Rendering(Greeting("{{name}}", "<p>{{name}}</p>"), Values("<script>alert('x')</script>"));
  EXPECT_EQ(content.text_body(), "<script>alert('x')</script>");
  EXPECT_THAT(content.html_body(), Not(HasSubstr("<script>")));
  EXPECT_THAT(content.html_body(), HasSubstr("&lt;script&gt;"));
}

TEST(RenderTest, EscapesForThePlaceInTheHtml) {
  const v1::Content content =
      Rendering(Greeting("x", "<a href=\"{{link}}\" title=\"{{name}}\">go</a>"),
                Values("\" onclick=\"evil()"));
  EXPECT_THAT(content.html_body(), HasSubstr("href=\"https://example.org/?a=1&amp;b=2\""));
  EXPECT_THAT(content.html_body(), Not(HasSubstr("\" onclick")));
}

TEST(RenderTest, ValuesAreNeverReadAsTemplates) {
  const v1::Content content = Rendering(Greeting("{{name}}"), Values("{{link}} {{>x}} {{P1}}"));
  EXPECT_EQ(content.text_body(), "{{link}} {{>x}} {{P1}}");
}

TEST(RenderTest, ASectionStandsOrFallsWithItsParameter) {
  const TemplateVersion version = Greeting("a{{#note}}[{{note}}]{{/note}}b");
  ParameterValues values = Values("x");
  EXPECT_EQ(Rendering(version, values).text_body(), "ab");
  values["note"] = "";
  EXPECT_EQ(Rendering(version, values).text_body(), "ab");
  values["note"] = "N";
  EXPECT_EQ(Rendering(version, values).text_body(), "a[N]b");
}

TEST(RenderTest, FallsBackFromRegionToLanguageToTheFirst) {
  TemplateVersion version;
  AddText(version, "de", "Deutsch", "x");
  AddText(version, "en", "English", "x");
  AddText(version, "de-AT", "Oesterreichisch", "x");
  EXPECT_EQ(TextFor(version, "de-AT").locale(), "de-AT");
  EXPECT_EQ(TextFor(version, "en-GB").locale(), "en");
  EXPECT_EQ(TextFor(version, "de-CH").locale(), "de");
  EXPECT_EQ(TextFor(version, "fr").locale(), "de");
  EXPECT_EQ(TextFor(version, "").locale(), "de");
}

TEST(RenderTest, RefusesToExplode) {
  std::string many;
  for (int i = 0; i < 100; ++i) many += "{{note}}";
  ParameterValues values = Values("x");
  values["note"] = std::string(10'000, 'y');
  const absl::Status status = Render(Greeting(many.c_str()), values, "").status();
  EXPECT_EQ(error::ReasonOf(status), "CONTENT_TOO_LARGE");
}

TEST(CheckTemplateVersionTest, RefusesEverythingThatIsNoPlainMarker) {
  for (const char* bad :
       {"{{other}}", "{{>name}}", "{{name:none}}", "{{%AUTOESCAPE context=\"HTML\"}}", "{{!name}}",
        "{{=<% %>=}}", "{{name", "{{#name}}x", "x{{/name}}", "{{#name}}{{#note}}{{/name}}{{/note}}",
        "{{}}", "{{ name }}", "{{NAME}}", "{{{name}}}", "{{BI_SPACE}}",
        "{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}"}) {
    const absl::Status status = CheckTemplateVersion(Greeting(bad), "template.latest");
    EXPECT_EQ(error::ReasonOf(status), "TEMPLATE_INVALID") << bad;
    EXPECT_THAT(std::string(status.message()), HasSubstr("template.latest.texts[0].text_body"));
  }
}

TEST(CheckTemplateVersionTest, RefusesHtmlThatNoEscapingMakesSafe) {
  for (const char* bad : {"<{{name}}>", "</{{name}}>", "<p \"' <a href= {{name}} {{link}} ='>"}) {
    const absl::Status status = CheckTemplateVersion(Greeting("x", bad), "t");
    EXPECT_EQ(error::ReasonOf(status), "TEMPLATE_INVALID") << bad;
    EXPECT_THAT(std::string(status.message()), HasSubstr("t.texts[0].html_body"));
  }
}

TEST(CheckTemplateVersionTest, KeepsSeveralLinesOutOfTheSubject) {
  TemplateVersion version = Greeting("x");
  version.mutable_texts(0)->set_subject("{{note}}");
  EXPECT_EQ(error::ReasonOf(CheckTemplateVersion(version, "t")), "TEMPLATE_INVALID");
  version.mutable_texts(0)->set_subject("a\r\nBcc: b");
  EXPECT_EQ(error::ReasonOf(CheckTemplateVersion(version, "t")), "TEMPLATE_INVALID");
}

TEST(CheckTemplateVersionTest, RefusesControlCharactersAsLiteralContentDoes) {
  const absl::Status in_text = CheckTemplateVersion(Greeting("a\x1B[31m"), "t");
  EXPECT_EQ(error::ReasonOf(in_text), "TEMPLATE_INVALID");
  EXPECT_THAT(std::string(in_text.message()), HasSubstr("t.texts[0].text_body"));
  const absl::Status in_html = CheckTemplateVersion(Greeting("a", "<p>\x07</p>"), "t");
  EXPECT_EQ(error::ReasonOf(in_html), "TEMPLATE_INVALID");
  EXPECT_THAT(std::string(in_html.message()), HasSubstr("t.texts[0].html_body"));
  EXPECT_TRUE(CheckTemplateVersion(Greeting("a\r\n\tb"), "t").ok());
}

TEST(CheckTemplateVersionTest, RefusesNamesAndLocalesThatAreThereTwice) {
  TemplateVersion version = Greeting("x");
  AddParameter(version, "name");
  EXPECT_FALSE(CheckTemplateVersion(version, "t").ok());
  version = Greeting("x");
  AddText(version, "de", "s", "t");
  EXPECT_FALSE(CheckTemplateVersion(version, "t").ok());
}

}  // namespace
}  // namespace sockel::notification
