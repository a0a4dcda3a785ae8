#include "tools/sockel/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "tools/sockel/local_file.h"
#include "tools/sockel/testing_folder.h"

namespace sockel::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CommandsTest : public ::testing::Test {
 protected:
  CommandsTest() {
    root_.require_subcommand(0, 1);
    root_.fallthrough();
    AddAllCommands(commands_);
    unsetenv("SOCKEL_PROFILE");
    unsetenv("SOCKEL_IDENTITY");
  }

  // Runs a command; its output is in `out_`.
  absl::Status Try(const std::string& line) {
    root_.parse(line);
    ::testing::internal::CaptureStdout();
    const absl::Status status = commands_.RunChosen();
    out_ = ::testing::internal::GetCapturedStdout();
    return status;
  }

  // The output of a command that succeeds.
  std::string Run(const std::string& line) {
    const absl::Status status = Try(line);
    EXPECT_TRUE(status.ok()) << status;
    return out_;
  }

  TestingFolder folder_;
  Globals globals_;
  CLI::App root_{"", "sockel"};
  Session session_{ProfileStore(folder_.path()), globals_};
  Commands commands_{root_, session_};
  std::string out_;
};

// Names of the commands below `command` whose help shows no example.
std::vector<std::string> WithoutExample(const CLI::App& command) {
  std::vector<std::string> names;
  const auto children = command.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* child : children) {
    const std::vector<std::string> deeper = WithoutExample(*child);
    names.insert(names.end(), deeper.begin(), deeper.end());
  }
  if (children.empty() && command.get_footer().find("Example:\n  s") == std::string::npos) {
    names.push_back(command.get_parent()->get_name() + " " + command.get_name());
  }
  return names;
}

TEST_F(CommandsTest, EveryCommandShowsAnExample) { EXPECT_THAT(WithoutExample(root_), IsEmpty()); }

TEST_F(CommandsTest, AServiceNamedLikeAGroupIsAnArgument) {
  root_.parse("audit verify efile");
  EXPECT_TRUE(root_.get_subcommand("audit")->get_subcommand("verify")->parsed());
  EXPECT_FALSE(root_.get_subcommand("efile")->parsed());
}

TEST_F(CommandsTest, AGroupAloneIsRefused) { EXPECT_THROW(root_.parse("audit"), CLI::ParseError); }

TEST_F(CommandsTest, AnUnknownServiceIsRefused) {
  EXPECT_THROW(root_.parse("audit list mail"), CLI::ParseError);
}

TEST_F(CommandsTest, ASecretIsNoArgument) {
  EXPECT_THROW(root_.parse("activate --user erika --code abcd"), CLI::ParseError);
  EXPECT_THROW(root_.parse("login --user erika --password abcd"), CLI::ParseError);
}

TEST_F(CommandsTest, CompletionKnowsCommandsAndOptions) {
  const std::string script = Run("completion bash");
  EXPECT_THAT(script, HasSubstr("'audit') sockel_words='verify list checkpoint export"));
  EXPECT_THAT(script, HasSubstr("--verifier-key"));
}

// In zsh these are no variables like others: an assignment to `path`, local or
// not, is one to PATH.
TEST_F(CommandsTest, CompletionForZshAssignsToNoSpecialVariable) {
  const std::string script = Run("completion zsh");
  const RE2 special(
      R"((?m)(^|[\s;])(path|fpath|cdpath|mailpath|manpath|words|status|options|argv|prompt)=)");
  EXPECT_FALSE(RE2::PartialMatch(script, special)) << script;
  const RE2 declared(R"((?m)^\s*local [^\n]*\b(path|words|status|options|argv|prompt)\b)");
  EXPECT_FALSE(RE2::PartialMatch(script, declared)) << script;
  EXPECT_LT(script.find("compinit"), script.find("complete -o default"));
}

TEST_F(CommandsTest, WithoutSignInACommandSaysSo) {
  EXPECT_TRUE(absl::IsUnauthenticated(Try("audit checkpoint efile")));
}

TEST_F(CommandsTest, WhatALibraryThrowsIsAFailureLikeOthers) {
  commands_.Add(root_, "fail", "", "sockel fail",
                []() -> absl::Status { throw std::runtime_error("the disk is on fire"); });
  const absl::Status status = Try("fail");
  EXPECT_EQ(status, absl::UnknownError("the disk is on fire"));
}

TEST_F(CommandsTest, VerifyingSeveralLogsIsOneDocument) {
  globals_.output = "json";
  globals_.tenant = "smi";
  EXPECT_TRUE(absl::IsUnauthenticated(Try("audit verify")));
  const auto tree = nlohmann::json::parse(out_, nullptr, false);
  ASSERT_TRUE(tree.is_object()) << out_;
  EXPECT_EQ(tree["verified"], false);
  ASSERT_EQ(tree["logs"].size(), ServiceNames().size());
  EXPECT_EQ(tree["logs"][1]["log"], "sockel/efile/smi");
  EXPECT_EQ(tree["logs"][1]["verified"], false);
  EXPECT_THAT(tree["logs"][1]["error"].get<std::string>(), HasSubstr("nobody is signed in"));
}

TEST_F(CommandsTest, AChangeOfProfilesAnswersInJson) {
  globals_.output = "json";
  globals_.profile = "test";
  EXPECT_EQ(nlohmann::json::parse(Run("profiles set --tls"))["tls"], true);
  EXPECT_EQ(nlohmann::json::parse(Run("profiles use test"))["name"], "test");
  EXPECT_EQ(nlohmann::json::parse(Run("profiles delete test"))["name"], "test");
}

TEST_F(CommandsTest, AProfileThatDoesNotExistIsNotUsed) {
  const ProfileStore store(folder_.path());
  globals_.profile = "test";
  Run("profiles set --tls");
  Run("profiles use test");
  const absl::Status status = Try("profiles use tset");
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("there are: test"));
  EXPECT_EQ(store.Current(), "test");
  Run("profiles use default");
  EXPECT_EQ(store.Current(), "default");
}

TEST_F(CommandsTest, ADamagedProfileDoesNotHideTheOthers) {
  const ProfileStore store(folder_.path());
  ASSERT_TRUE(store.Save(*store.Load("good")).ok());
  ASSERT_TRUE(WritePrivateFile(folder_ / "profiles/bad.json", "{").ok());
  const std::string list = Run("profiles list");
  EXPECT_THAT(list, HasSubstr("good  (not signed in)"));
  EXPECT_THAT(list, HasSubstr("bad  (" + (folder_ / "profiles/bad.json").string()));
  globals_.output = "json";
  const auto tree = nlohmann::json::parse(Run("profiles list"));
  ASSERT_EQ(tree["profiles"].size(), 2U);
  EXPECT_THAT(tree["profiles"][0]["error"].get<std::string>(), HasSubstr("is damaged"));
  EXPECT_FALSE(tree["profiles"][1].contains("error"));
}

TEST_F(CommandsTest, WhatIsThereIsNotReplaced) {
  const std::string file = (folder_ / "mine").string();
  ASSERT_TRUE(WritePrivateFile(file, "mine").ok());
  EXPECT_TRUE(absl::IsAlreadyExists(Try("audit export efile --out " + file)));
  EXPECT_TRUE(absl::IsAlreadyExists(Try("service-accounts generate-key " + file)));
  EXPECT_EQ(*ReadFile(file), "mine");
}

TEST_F(CommandsTest, NoFolderIsMadeForAKeyOrALog) {
  const std::string file = (folder_ / "absent/file").string();
  EXPECT_TRUE(absl::IsFailedPrecondition(Try("audit export efile --out " + file)));
  EXPECT_TRUE(absl::IsFailedPrecondition(Try("service-accounts generate-key " + file)));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "absent"));
}

TEST_F(CommandsTest, FilesOfAProfileAreFoundFromAnyFolder) {
  globals_.profile = "test";
  Run("profiles set --ca-file ca.pem --certificate-file own.pem --tls-key-file own.key");
  const Profile profile = *ProfileStore(folder_.path()).Load("test");
  for (const std::string& path : {profile.ca_file, profile.certificate_file, profile.key_file}) {
    EXPECT_TRUE(std::filesystem::path(path).is_absolute()) << path;
  }
  EXPECT_TRUE(profile.tls);
}

// A session that is forgotten here goes on at the server.
TEST_F(CommandsTest, ALoginThatFailsLeavesTheOneBeforeAlone) {
  ProfileStore store(folder_.path());
  Profile before = *store.Load("test");
  before.refresh_token = "r";
  before.session = "tenants/smi/users/1/sessions/2";
  ASSERT_TRUE(store.Save(before).ok());
  ASSERT_TRUE(WritePrivateFile(folder_ / "password", "wrong\n").ok());
  const std::string nowhere = "unix:" + (folder_ / "nobody.sock").string();
  globals_.profile = "test";
  globals_.tenant = "smi";
  globals_.timeout_seconds = 2;
  EXPECT_FALSE(Try("login --user erika --password-file " + (folder_ / "password").string() +
                   " --identity " + nowhere)
                   .ok());
  EXPECT_EQ(store.Load("test")->refresh_token, "r");
  EXPECT_EQ(store.Load("test")->session, before.session);
  EXPECT_THAT(store.Load("test")->endpoints, IsEmpty());
}

}  // namespace
}  // namespace sockel::cli
