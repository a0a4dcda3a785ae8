#include "common/log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

namespace sockel::log {
namespace {

using ::testing::SizeIs;
using ::testing::StartsWith;

class LogTest : public ::testing::Test {
 protected:
  std::vector<std::string> lines_;
  Logger logger_{Level::kInfo, [this](std::string_view line) { lines_.emplace_back(line); }};
};

TEST_F(LogTest, WritesOneJsonObjectPerLineInAFixedOrder) {
  const std::string text = "say \"hi\"\nagain";
  logger_.Info("call", {{"text", text},
                        {"count", 3},
                        {"size", std::size_t{7}},
                        {"ok", true},
                        {"took", absl::Milliseconds(250)}});
  ASSERT_THAT(lines_, SizeIs(1));
  EXPECT_THAT(lines_[0], StartsWith(R"({"time":"2)"));
  EXPECT_THAT(lines_[0], ::testing::Not(::testing::HasSubstr("\n")));
  const auto line = nlohmann::json::parse(lines_[0]);
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["message"], "call");
  EXPECT_EQ(line["text"], text);
  EXPECT_EQ(line["count"], 3);
  EXPECT_EQ(line["size"], 7);
  EXPECT_EQ(line["ok"], true);
  EXPECT_EQ(line["took"], 0.25);
}

TEST_F(LogTest, DropsWhatIsBelowTheLevel) {
  logger_.Debug("unseen");
  logger_.SetLevel(Level::kError);
  logger_.Warning("unseen");
  logger_.Error("seen");
  EXPECT_THAT(lines_, SizeIs(1));
}

TEST_F(LogTest, SurvivesTextThatIsNotUtf8) {
  logger_.Info("call", {{"text", "\xff\xfe"}});
  ASSERT_THAT(lines_, SizeIs(1));
  EXPECT_TRUE(nlohmann::json::accept(lines_[0]));
}

TEST_F(LogTest, KeepsLinesOfSeveralThreadsApart) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int j = 0; j < 100; ++j) logger_.Info("call", {{"j", j}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_THAT(lines_, SizeIs(400));
  for (const std::string& line : lines_) EXPECT_TRUE(nlohmann::json::accept(line));
}

TEST(LevelTest, HasANameInBothDirections) {
  EXPECT_EQ(LevelFrom("warning"), Level::kWarning);
  EXPECT_EQ(LevelFrom("loud"), std::nullopt);
  EXPECT_EQ(NameOf(Level::kError), "error");
}

}  // namespace
}  // namespace sockel::log
