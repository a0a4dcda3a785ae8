#include "services/notification/templates/template.h"

#include <gmock/gmock.h>

#include "common/error/error.h"
#include "services/notification/testing/fixture.h"

namespace sockel::notification {
namespace {

using ::testing::HasSubstr;

class TemplatesTest : public testing::NotificationFixture {
 protected:
  static v1::CreateTemplateRequest Welcome() {
    v1::CreateTemplateRequest request;
    request.set_template_id("welcome");
    request.mutable_template_()->set_display_name("Welcome");
    *request.mutable_template_()->mutable_latest() = Version("Hello {{name}}");
    return request;
  }

  static v1::TemplateVersion Version(const std::string& subject) {
    v1::TemplateVersion version;
    v1::TemplateParameter* name = version.add_parameters();
    name->set_id("name");
    name->set_type(v1::TemplateParameter::STRING);
    v1::TemplateText* text = version.add_texts();
    text->set_locale("de");
    text->set_subject(subject);
    text->set_text_body("Guten Tag {{name}}");
    return version;
  }

  void CreateWelcome() {
    const auto created = templates_.Create(In("smi"), Welcome());
    ASSERT_TRUE(created.ok()) << created.status();
  }

  absl::StatusOr<v1::TemplateVersion> GetVersion(const std::string& name,
                                                 const std::string& tenant = "smi") {
    v1::GetTemplateVersionRequest request;
    request.set_name(name);
    return templates_.GetVersion(In(tenant), request);
  }
};

TEST_F(TemplatesTest, ATemplateComesWithVersionOne) {
  const auto created = templates_.Create(In("smi"), Welcome());
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->name(), "tenants/smi/templates/welcome");
  EXPECT_EQ(created->latest().name(), "tenants/smi/templates/welcome/versions/1");
  v1::GetTemplateRequest get;
  get.set_name(created->name());
  const auto read = templates_.Get(In("smi"), get);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->SerializeAsString(), created->SerializeAsString());
}

TEST_F(TemplatesTest, ATakenIdIsRefused) {
  CreateWelcome();
  EXPECT_EQ(templates_.Create(In("smi"), Welcome()).status().code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(templates_.Create(In("other"), Welcome()).ok());
}

TEST_F(TemplatesTest, VersionsCountUpAndEarlierOnesStay) {
  CreateWelcome();
  v1::CreateTemplateVersionRequest request;
  request.set_parent("tenants/smi/templates/welcome");
  *request.mutable_template_version() = Version("Second");
  const auto second = templates_.CreateVersion(In("smi"), request);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->name(), "tenants/smi/templates/welcome/versions/2");
  EXPECT_EQ(GetVersion("tenants/smi/templates/welcome/versions/1")->texts(0).subject(),
            "Hello {{name}}");
  EXPECT_EQ(GetVersion("tenants/smi/templates/welcome/versions/latest")->texts(0).subject(),
            "Second");
}

TEST_F(TemplatesTest, WhatIsNotThereIsNotFound) {
  CreateWelcome();
  for (const char* name :
       {"tenants/smi/templates/welcome/versions/2", "tenants/smi/templates/welcome/versions/0",
        "tenants/smi/templates/welcome/versions/01", "tenants/smi/templates/welcome/versions/x",
        "tenants/smi/templates/welcome/versions/99999999999",
        "tenants/smi/templates/other/versions/1"}) {
    EXPECT_EQ(GetVersion(name).status().code(), absl::StatusCode::kNotFound) << name;
  }
}

TEST_F(TemplatesTest, AnotherTenantsTemplateIsNotFound) {
  CreateWelcome();
  EXPECT_EQ(GetVersion("tenants/other/templates/welcome/versions/1", "other").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(GetVersion("tenants/smi/templates/welcome/versions/1", "other").status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(TemplatesTest, APreviewShowsWhatWouldBeSent) {
  CreateWelcome();
  v1::PreviewTemplateRequest request;
  request.set_name("tenants/smi/templates/welcome/versions/latest");
  EXPECT_EQ(error::ReasonOf(templates_.Preview(In("smi"), request).status()), "PARAMETER_MISSING");
  (*request.mutable_parameters())["name"] = "Eva";
  const auto preview = templates_.Preview(In("smi"), request);
  ASSERT_TRUE(preview.ok()) << preview.status();
  EXPECT_EQ(preview->content().subject(), "Hello Eva");
  EXPECT_EQ(preview->locale(), "de");
}

TEST_F(TemplatesTest, ListsByNameInPages) {
  for (const char* id : {"b", "a", "c"}) {
    v1::CreateTemplateRequest request = Welcome();
    request.set_template_id(id);
    ASSERT_TRUE(templates_.Create(In("smi"), request).ok());
  }
  v1::ListTemplatesRequest request;
  request.set_parent("tenants/smi");
  request.set_page_size(2);
  auto page = templates_.List(In("smi"), request);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->templates_size(), 2);
  EXPECT_EQ(page->templates(1).name(), "tenants/smi/templates/b");
  request.set_page_token(page->next_page_token());
  page = templates_.List(In("smi"), request);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->templates_size(), 1);
  EXPECT_EQ(page->templates(0).name(), "tenants/smi/templates/c");
  EXPECT_EQ(page->next_page_token(), "");
}

}  // namespace
}  // namespace sockel::notification
