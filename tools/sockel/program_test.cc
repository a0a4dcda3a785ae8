#include "tools/sockel/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/sockel/testing_folder.h"

namespace sockel::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ProgramTest : public ::testing::Test {
 protected:
  // The exit code; what was written is in `out_` and `err_`.
  int Run(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "sockel");
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int code = cli::Run(static_cast<int>(arguments.size()), arguments.data(),
                              ProfileStore(folder_.path()));
    out_ = ::testing::internal::GetCapturedStdout();
    err_ = ::testing::internal::GetCapturedStderr();
    return code;
  }

  TestingFolder folder_;
  std::string out_;
  std::string err_;
};

TEST_F(ProgramTest, HelpIsNoFailure) {
  EXPECT_EQ(Run({"audit", "verify", "--help"}), 0);
  EXPECT_THAT(out_, HasSubstr("sockel audit verify"));
  EXPECT_THAT(err_, IsEmpty());
}

TEST_F(ProgramTest, WrongUsageHasItsOwnExitCode) {
  for (const std::vector<const char*>& line :
       std::vector<std::vector<const char*>>{{},
                                             {"no-such-command"},
                                             {"audit"},
                                             {"audit", "list", "mail"},
                                             {"whoami", "--no-such"}}) {
    EXPECT_EQ(Run(line), 2) << err_;
    EXPECT_THAT(out_, IsEmpty());
    EXPECT_FALSE(err_.empty());
  }
}

TEST_F(ProgramTest, ATimeoutIsANumberOfSeconds) {
  for (const char* timeout : {"0", "abc", "inf", "nan", "1e300"}) {
    EXPECT_EQ(Run({"--timeout", timeout, "profiles", "list"}), 2) << timeout;
    EXPECT_THAT(err_, HasSubstr("above 0, at most 86400"));
    EXPECT_LT(err_.size(), 300u) << err_;
  }
  EXPECT_EQ(Run({"--timeout", "0.5", "profiles", "list"}), 0) << err_;
}

TEST_F(ProgramTest, WrongUsageIsJsonForWhoAskedForJson) {
  for (const std::vector<const char*>& line :
       std::vector<std::vector<const char*>>{{"--output", "json", "audit", "list"},
                                             {"--output=json", "audit", "list", "mail"},
                                             {"whoami", "--no-such", "--output", "json"}}) {
    EXPECT_EQ(Run(line), 2);
    const auto tree = nlohmann::json::parse(err_, nullptr, false);
    ASSERT_TRUE(tree.is_object()) << err_;
    EXPECT_EQ(tree["error"]["code"], "INVALID_ARGUMENT");
    EXPECT_FALSE(tree["error"]["message"].get<std::string>().empty());
  }
}

TEST_F(ProgramTest, WhatStandsBehindTwoDashesIsNoOption) {
  EXPECT_EQ(Run({"no-such-command", "--", "--output", "json"}), 2);
  EXPECT_FALSE(nlohmann::json::accept(err_));
}

TEST_F(ProgramTest, AFileThatCannotBeReadIsToldInJsonToo) {
  EXPECT_EQ(Run({"--output", "json", "evidence", "verify", "/no-such/\xff.zip"}), 5);
  EXPECT_TRUE(nlohmann::json::accept(err_)) << err_;
}

TEST_F(ProgramTest, WhatIsNoTextIsRefusedByItsName) {
  EXPECT_EQ(Run({"dossiers", "create", "--entry", "51", "--subject", "\xff"}), 6);
  EXPECT_THAT(err_, HasSubstr("--subject"));
  EXPECT_EQ(Run({"--tenant", "\xff", "dossiers", "list"}), 6);
  EXPECT_THAT(err_, HasSubstr("--tenant"));
}

// A path that the file system refuses to look at, for root as for everybody.
TEST_F(ProgramTest, APathThatCannotBeIsAnErrorAndNoCrash) {
  const std::string path = folder_ / std::string(300, 'x');
  const int code =
      Run({"-t", "smi", "evidence", "export", "tenants/smi/dossiers/d", "-o", path.c_str()});
  EXPECT_EQ(code, 7);
  EXPECT_THAT(err_, HasSubstr("cannot write"));
}

}  // namespace
}  // namespace sockel::cli
