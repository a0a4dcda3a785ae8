#include "tools/sockel/commands.h"

#include <gtest/gtest.h>

#include "tools/sockel/testing_folder.h"

namespace sockel::cli {
namespace {

class CommandsTest : public ::testing::Test {
 protected:
  CommandsTest() {
    root_.require_subcommand(0, 1);
    root_.fallthrough();
    AddAuditCommands(commands_);
    AddEvidenceCommands(commands_);
    AddCompletionCommands(commands_);
  }

  // The output of a command.
  std::string Run(const std::string& line) {
    root_.parse(line);
    ::testing::internal::CaptureStdout();
    const absl::Status status = commands_.RunChosen();
    EXPECT_TRUE(status.ok()) << status;
    return ::testing::internal::GetCapturedStdout();
  }

  TestingFolder folder_;
  Globals globals_;
  CLI::App root_{"", "sockel"};
  Session session_{ProfileStore(folder_.path()), globals_};
  Commands commands_{root_, session_};
};

TEST_F(CommandsTest, AServiceNamedLikeAGroupIsAnArgument) {
  root_.parse("audit verify efile");
  EXPECT_TRUE(root_.get_subcommand("audit")->get_subcommand("verify")->parsed());
  EXPECT_FALSE(root_.get_subcommand("efile")->parsed());
}

TEST_F(CommandsTest, AGroupAloneIsRefused) { EXPECT_THROW(root_.parse("audit"), CLI::ParseError); }

TEST_F(CommandsTest, AnUnknownServiceIsRefused) {
  EXPECT_THROW(root_.parse("audit list mail"), CLI::ParseError);
}

TEST_F(CommandsTest, CompletionKnowsCommandsAndOptions) {
  const std::string script = Run("completion bash");
  EXPECT_NE(script.find("'audit') words='verify list checkpoint export"), std::string::npos);
  EXPECT_NE(script.find("--verifier-key"), std::string::npos);
}

TEST_F(CommandsTest, WithoutSignInACommandSaysSo) {
  root_.parse("audit checkpoint efile");
  EXPECT_TRUE(absl::IsUnauthenticated(commands_.RunChosen()));
}

}  // namespace
}  // namespace sockel::cli
