#include "tools/sockel/input.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "sockel/catalog/v1/order.pb.h"
#include "tools/sockel/testing_folder.h"

namespace sockel::cli {
namespace {

TEST(FillTest, ReadsAnOrderAsPeopleWriteIt) {
  const YAML::Node node = YAML::Load(
      "plan: offerings/efile/plans/standard\n"
      "parameters:\n"
      "  tenant_code: smi\n"
      "  years: 10\n"
      "  share: 0.5\n"
      "  quoted: \"10\"\n"
      "  zero_led: 007\n"
      "  yes: true\n"
      "  code: 413-1\n"
      "  list: [1, a]\n"
      "  nothing: null\n");
  catalog::v1::Order order;
  const absl::Status status = Fill(node, order);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(order.plan(), "offerings/efile/plans/standard");
  const auto& fields = order.parameters().fields();
  EXPECT_EQ(fields.at("tenant_code").string_value(), "smi");
  EXPECT_EQ(fields.at("years").number_value(), 10);
  EXPECT_EQ(fields.at("share").number_value(), 0.5);
  EXPECT_EQ(fields.at("quoted").string_value(), "10");
  EXPECT_EQ(fields.at("zero_led").string_value(), "007");
  EXPECT_TRUE(fields.at("yes").bool_value());
  EXPECT_EQ(fields.at("code").string_value(), "413-1");
  EXPECT_EQ(fields.at("list").list_value().values(1).string_value(), "a");
  EXPECT_TRUE(fields.at("nothing").has_null_value());
}

TEST(FillTest, AnUnknownFieldIsNamed) {
  catalog::v1::Order order;
  const absl::Status status = Fill(YAML::Load("plna: x\n"), order);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_NE(status.ToString().find("plna"), std::string::npos);
}

TEST(FillTest, AListIsNoMessage) {
  catalog::v1::Order order;
  EXPECT_TRUE(absl::IsInvalidArgument(Fill(YAML::Load("[1, 2]"), order)));
}

TEST(ReadYamlTest, SaysWhereItIsWrong) {
  TestingFolder folder;
  std::ofstream(folder / "order.yaml") << "a: [1\nb: 2\n";
  const absl::Status status = ReadYaml(folder / "order.yaml").status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_NE(status.ToString().find("line"), std::string::npos);
  EXPECT_TRUE(absl::IsNotFound(ReadYaml(folder / "absent.yaml").status()));
}

TEST(ReadYamlTest, AliasesThatNeverEndAreRefused) {
  TestingFolder folder;
  // One long text, again and again.
  std::string shouts = "a: &a " + std::string(1 << 20, 'x') + "\nb: [*a";
  for (int i = 0; i < 20; ++i) shouts += ", *a";
  shouts += "]\n";
  // Nine values, of nine values, of nine values …
  std::string laughs = "a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n";
  for (int i = 1; i < 9; ++i) {
    laughs += absl::StrCat("a", i, ": &a", i, " [");
    for (int j = 0; j < 9; ++j) laughs += absl::StrCat(j == 0 ? "" : ", ", "*a", i - 1);
    laughs += "]\n";
  }
  for (const std::string& text :
       {std::string("plan: &a [*a]\n"), std::string("x: &a {y: *a}\n"), laughs, shouts,
        "deep: " + std::string(200, '[') + std::string(200, ']') + "\n"}) {
    std::ofstream(folder / "order.yaml") << text;
    const absl::Status status = ReadYaml(folder / "order.yaml").status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_NE(status.ToString().find("order.yaml: "), std::string::npos) << status;
  }
  std::ofstream(folder / "order.yaml") << "a: &a {b: 1}\nc: *a\n";
  EXPECT_TRUE(ReadYaml(folder / "order.yaml").ok());
}

TEST(ReadYamlTest, AFolderIsNamedAsSuch) {
  TestingFolder folder;
  const absl::Status status = ReadYaml(folder.path()).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_NE(status.ToString().find("Is a directory"), std::string::npos) << status;
  EXPECT_TRUE(absl::IsInvalidArgument(ReadSecret({.file = folder.path()}, "").status()));
}

TEST(ReadSecretTest, TakesTheFirstLineOfAFile) {
  TestingFolder folder;
  std::ofstream(folder / "password") << "correct horse\r\nbattery\n";
  EXPECT_EQ(*ReadSecret({.file = folder / "password"}, ""), "correct horse");
}

TEST(ReadSecretTest, TwoSecretsAreTwoLinesOfStandardInput) {
  std::istringstream lines("abcd-efgh\ncorrect horse\n");
  std::streambuf* const terminal = std::cin.rdbuf(lines.rdbuf());
  const auto code = ReadSecret({.stdin = true, .option = "code"}, "");
  const auto password = ReadSecret({.stdin = true}, "");
  const auto third = ReadSecret({.stdin = true, .option = "code"}, "");
  std::cin.rdbuf(terminal);
  std::cin.clear();
  EXPECT_EQ(*code, "abcd-efgh");
  EXPECT_EQ(*password, "correct horse");
  EXPECT_TRUE(absl::IsInvalidArgument(third.status()));
  EXPECT_NE(third.status().ToString().find("--code-stdin"), std::string::npos);
}

TEST(ParseDateTest, WantsARealDay) {
  EXPECT_EQ(ParseDate("2026-01-31")->day(), 31);
  for (const char* text : {"", "2026", "2026-1-1", "31.01.2026", "2026-02-30x"}) {
    EXPECT_FALSE(ParseDate(text).ok()) << text;
  }
}

}  // namespace
}  // namespace sockel::cli
