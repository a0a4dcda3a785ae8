#include "tools/sockel/profile.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "tools/sockel/testing_folder.h"

namespace sockel::cli {
namespace {

class ProfileTest : public ::testing::Test {
 protected:
  TestingFolder folder_;
  ProfileStore store_{folder_.path()};
};

TEST_F(ProfileTest, WhatIsSavedIsReadBack) {
  Profile profile = *store_.Load("test");
  EXPECT_FALSE(profile.SignedIn());
  profile.endpoints = {{"efile", "efile.example:443"}};
  profile.tls = true;
  profile.ca_file = "/etc/ca.pem";
  profile.principal = "tenants/smi/users/1";
  profile.tenant = "smi";
  profile.session = "tenants/smi/users/1/sessions/2";
  profile.access_token = "a";
  profile.access_expire_time = absl::FromUnixSeconds(1'800'000'000);
  profile.refresh_token = "r";
  ASSERT_TRUE(store_.Save(profile).ok());
  const Profile read = *store_.Load("test");
  EXPECT_TRUE(read.SignedIn());
  EXPECT_EQ(read.endpoints, profile.endpoints);
  EXPECT_EQ(read.ca_file, profile.ca_file);
  EXPECT_EQ(read.tenant, "smi");
  EXPECT_EQ(read.access_expire_time, profile.access_expire_time);
  EXPECT_EQ(read.refresh_token, "r");
}

TEST_F(ProfileTest, OnlyTheOwnerReadsIt) {
  ASSERT_TRUE(store_.Save(*store_.Load("test")).ok());
  struct stat info {};
  ASSERT_EQ(stat((folder_ / "profiles/test.json").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(ProfileTest, ANameThatLeadsElsewhereIsRefused) {
  for (const char* name : {"", "../x", "a/b", ".hidden", "a\nb"}) {
    EXPECT_FALSE(store_.Load(name).ok()) << name;
    EXPECT_FALSE(store_.Use(name).ok()) << name;
  }
}

TEST_F(ProfileTest, ADamagedFileIsNamed) {
  ASSERT_TRUE(store_.Save(*store_.Load("test")).ok());
  std::ofstream(folder_ / "profiles/test.json") << "{";
  const absl::Status status = store_.Load("test").status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_NE(status.ToString().find("test.json"), std::string::npos);
}

TEST_F(ProfileTest, AFieldOfAnotherTypeIsDamageToo) {
  ASSERT_TRUE(store_.Save(*store_.Load("test")).ok());
  for (const char* text : {R"({"tenant": 7})", R"({"endpoints": ["a"]})", R"({"tls": "yes"})",
                           R"({"endpoints": {"efile": 1}})", "[]", "null"}) {
    std::ofstream(folder_ / "profiles/test.json") << text;
    const absl::Status status = store_.Load("test").status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << text << ": " << status;
  }
}

TEST_F(ProfileTest, AFileNameThatIsNoTextIsRefusedWhenItIsStored) {
  Profile profile = *store_.Load("test");
  profile.ca_file = "/tmp/\xff.pem";
  EXPECT_TRUE(absl::IsInvalidArgument(store_.Save(profile)));
}

TEST_F(ProfileTest, TheOneInUseCanBeChanged) {
  unsetenv("SOCKEL_PROFILE");
  EXPECT_EQ(store_.Current(), "default");
  ASSERT_TRUE(store_.Use("test").ok());
  EXPECT_EQ(store_.Current(), "test");
}

TEST_F(ProfileTest, ListsAndRemoves) {
  ASSERT_TRUE(store_.Save(*store_.Load("b")).ok());
  ASSERT_TRUE(store_.Save(*store_.Load("a")).ok());
  EXPECT_EQ(store_.List(), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(store_.Remove("a").ok());
  EXPECT_TRUE(absl::IsNotFound(store_.Remove("a")));
}

TEST_F(ProfileTest, EndpointsComeFromEnvironmentThenProfileThenDefault) {
  Profile profile;
  unsetenv("SOCKEL_EFILE");
  EXPECT_EQ(profile.Endpoint("efile"), "127.0.0.1:7002");
  profile.endpoints["efile"] = "efile.example:443";
  EXPECT_EQ(profile.Endpoint("efile"), "efile.example:443");
  setenv("SOCKEL_EFILE", "127.0.0.1:9", 1);
  EXPECT_EQ(profile.Endpoint("efile"), "127.0.0.1:9");
  unsetenv("SOCKEL_EFILE");
}

}  // namespace
}  // namespace sockel::cli
