#include "common/rpc/access_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

namespace sockel::rpc {
namespace {

class AccessLogTest : public ::testing::Test {
 protected:
  AccessLogTest() { EXPECT_EQ(pipe(pipe_), 0); }
  ~AccessLogTest() override { close(pipe_[0]); }

  // All lines, after the log is gone.
  std::vector<nlohmann::json> Lines() {
    close(pipe_[1]);
    std::string text;
    char buffer[4096];
    for (ssize_t n = 0; (n = read(pipe_[0], buffer, sizeof(buffer))) > 0;) {
      text.append(buffer, static_cast<std::size_t>(n));
    }
    std::vector<nlohmann::json> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
      lines.push_back(nlohmann::json::parse(line));
    return lines;
  }

  int pipe_[2] = {-1, -1};
};

TEST_F(AccessLogTest, WritesOneJsonObjectALine) {
  {
    JsonAccessLog log(pipe_[1], "efile");
    log.Write({.method = "sockel.efile.v1.DossierService/GetDossier",
               .code = absl::StatusCode::kNotFound,
               .reason = "RESOURCE_NOT_FOUND",
               .duration = absl::Microseconds(1500),
               .tenant = "smi",
               .trace_id = "0af7651916cd43dd8448eb211c80319c"});
  }
  const auto lines = Lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["service"], "efile");
  EXPECT_EQ(lines[0]["method"], "sockel.efile.v1.DossierService/GetDossier");
  EXPECT_EQ(lines[0]["code"], "NOT_FOUND");
  EXPECT_EQ(lines[0]["reason"], "RESOURCE_NOT_FOUND");
  EXPECT_EQ(lines[0]["ms"], 1.5);
  EXPECT_EQ(lines[0]["tenant"], "smi");
  EXPECT_EQ(lines[0]["trace_id"], "0af7651916cd43dd8448eb211c80319c");
}

TEST_F(AccessLogTest, KeepsALineOneLineWhateverADefectSays) {
  {
    JsonAccessLog log(pipe_[1], "efile");
    log.Write({.method = "m", .code = absl::StatusCode::kInternal, .defect = "a\n\"b\"\xFF"});
  }
  const auto lines = Lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["defect"], "a\n\"b\"\xEF\xBF\xBD");
}

TEST_F(AccessLogTest, LosesNoLineOfManyThreads) {
  std::vector<nlohmann::json> lines;
  {
    JsonAccessLog log(pipe_[1], "efile");
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 50; ++n) log.Write({.method = "m"});
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(Lines().size(), 200u);
}

}  // namespace
}  // namespace sockel::rpc
