#include "common/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace sockel::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              ("config_test_" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  ~ConfigTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  static std::string Message(const absl::Status& status) { return status.ToString(); }

  std::filesystem::path folder_;
};

TEST_F(ConfigTest, ReadsTypedValuesAndDefaults) {
  Reader reader = Reader::Parse(R"(
listen: 127.0.0.1:7001
database:
  pool_size: 16
tls: {plaintext: true}
timeout: 250ms
grace: 10
hosts: [a, b]
)")
                      .value();
  EXPECT_EQ(reader.String("listen", "", "x"), "127.0.0.1:7001");
  EXPECT_EQ(reader.Section("database").Int("pool_size", 8, "x"), 16);
  EXPECT_EQ(reader.Int("workers", 4, "x"), 4);
  EXPECT_TRUE(reader.Bool("tls.plaintext", false, "x"));
  EXPECT_EQ(reader.Duration("timeout", absl::Seconds(1), "x"), absl::Milliseconds(250));
  EXPECT_EQ(reader.Duration("grace", absl::Seconds(1), "x"), absl::Seconds(10));
  EXPECT_THAT(reader.StringList("hosts", {}, "x"), ElementsAre("a", "b"));
  EXPECT_TRUE(reader.Finish().ok()) << reader.Finish();
}

TEST_F(ConfigTest, EnvironmentWinsOverFileAndFlagsOverEnvironment) {
  Sources sources;
  sources.file = Write("a.yaml", "a: {x: 1, y: 1, z: 1}\n");
  sources.environment = {{"SOCKEL_A__Y", "2"}, {"SOCKEL_A__Z", "2"}};
  sources.overrides = {"a.z=3"};
  Reader reader = Reader::Load(sources).value();
  EXPECT_EQ(reader.Int("a.x", 0, "x"), 1);
  EXPECT_EQ(reader.Int("a.y", 0, "x"), 2);
  EXPECT_EQ(reader.Int("a.z", 0, "x"), 3);
}

TEST_F(ConfigTest, NamesUnknownKeysAndWhereTheyStand) {
  Sources sources;
  sources.file = Write("b.yaml", "known: 1\ndatabase:\n  pool_sice: 3\n");
  sources.environment = {{"SOCKEL_DATABASE__WAITT", "1"}, {"SOCKEL_EFILE_PORT", "tcp://10.0.0.1"}};
  Reader reader = Reader::Load(sources).value();
  EXPECT_EQ(reader.Int("known", 0, "x"), 1);
  const std::string message = Message(reader.Finish());
  EXPECT_THAT(message, AllOf(HasSubstr("b.yaml:3: unknown key `database.pool_sice`"),
                             HasSubstr("SOCKEL_DATABASE__WAITT: unknown key `database.waitt`"),
                             Not(HasSubstr("SOCKEL_EFILE_PORT"))));
}

TEST_F(ConfigTest, ReportsEveryProblemTogether) {
  Reader reader = Reader::Parse("size: many\non: yes please\nwait: soon\nlist: [1]\n").value();
  EXPECT_EQ(reader.Int("size", 8, "x", {1, 64}), 8);
  EXPECT_FALSE(reader.Bool("on", false, "x"));
  EXPECT_EQ(reader.Duration("wait", absl::Seconds(1), "x"), absl::Seconds(1));
  EXPECT_EQ(reader.String("list", "", "x"), "");
  EXPECT_EQ(reader.RequiredString("name", "Name of the service"), "");
  EXPECT_THAT(Message(reader.Finish()),
              AllOf(HasSubstr("`size` must be a whole number, 1 to 64"),
                    HasSubstr("`on` must be true or false"), HasSubstr("`wait` must be a duration"),
                    HasSubstr("`list` must be a single value"),
                    HasSubstr("`name` is missing: Name of the service")));
}

TEST_F(ConfigTest, RefusesNumbersOutOfRange) {
  Reader reader = Reader::Parse("size: 65\nhuge: 99999999999999999999\n").value();
  EXPECT_EQ(reader.Int("size", 8, "x", {1, 64}), 8);
  EXPECT_EQ(reader.Int("huge", 8, "x"), 8);
  EXPECT_THAT(Message(reader.Finish()), AllOf(HasSubstr("`size`"), HasSubstr("`huge`")));
}

TEST_F(ConfigTest, ListsWhatItsReaderRefusesWithTheRest) {
  Reader reader = Reader::Parse("log: {level: loud}\n").value();
  reader.Section("log").String("level", "info", "x");
  reader.Section("log").Refuse("level", "quiet");
  reader.Refuse("absent", "there");
  EXPECT_THAT(Message(reader.Finish()),
              AllOf(HasSubstr("`log.level` must be quiet"), Not(HasSubstr("absent"))));
}

TEST_F(ConfigTest, TakesSecretsFromFilesAndNeverPrintsThem) {
  const std::string file = Write("secret", "hunter2\n");
  Sources sources;
  sources.overrides = {"database.password_file=" + file};
  Reader reader = Reader::Load(sources).value();
  EXPECT_EQ(reader.Secret("database.password_file", "Password"), "hunter2");
  EXPECT_EQ(reader.Int("database.pool_size", 8, "Connections"), 8);
  EXPECT_TRUE(reader.Finish().ok());
  EXPECT_EQ(reader.Print(), "database:\n  # Password\n  password_file: " + file +
                                "\n  # Connections\n  pool_size: 8\n");
}

TEST_F(ConfigTest, SaysWhichSecretFileIsMissing) {
  Reader reader = Reader::Parse("key_file: /nowhere/key\n").value();
  EXPECT_EQ(reader.RequiredSecret("key_file", "Key"), "");
  EXPECT_THAT(Message(reader.Finish()), HasSubstr("/nowhere/key: cannot be read"));
}

TEST_F(ConfigTest, RefusesWhatIsNoYamlMap) {
  EXPECT_FALSE(Reader::Parse("- a\n- b\n").ok());
  EXPECT_FALSE(Reader::Parse("a: [1, {b: 2}]\n").ok());
  EXPECT_FALSE(Reader::Parse("a: 1\na: 2\n").ok());
  EXPECT_FALSE(Reader::Parse("a: [1\n").ok());
  EXPECT_FALSE(Reader::Parse("a: &a {b: *a}\n").ok());
  EXPECT_TRUE(Reader::Parse("").ok());
  EXPECT_FALSE(Reader::Load({.file = "/nowhere/config.yaml"}).ok());
  EXPECT_FALSE(Reader::Load({.overrides = {"novalue"}}).ok());
}

TEST_F(ConfigTest, KnowsWhetherAPartWasGiven) {
  Reader reader = Reader::Parse("smtp: {host: a}\nsmtpx: 1\n").value();
  EXPECT_TRUE(reader.Has("smtp"));
  EXPECT_TRUE(reader.Section("smtp").Has("host"));
  EXPECT_FALSE(reader.Has("smt"));
  EXPECT_FALSE(reader.Has("smtp.port"));
}

TEST_F(ConfigTest, PrintedConfigurationReadsBackTheSame) {
  Reader reader = Reader::Parse("a: {text: 'x: #y', list: [p, 'q, r']}\n").value();
  reader.String("a.text", "", "Text");
  reader.StringList("a.list", {}, "List");
  Reader again = Reader::Parse(reader.Print()).value();
  EXPECT_EQ(again.String("a.text", "", "Text"), "x: #y");
  EXPECT_THAT(again.StringList("a.list", {}, "List"), ElementsAre("p", "q, r"));
}

}  // namespace
}  // namespace sockel::config
