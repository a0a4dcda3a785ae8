#include "tools/sockel/session.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "common/client/testing/recording_server.h"
#include "common/trace/traceparent.h"
#include "tools/sockel/testing_folder.h"

namespace sockel::cli {
namespace {

using identity::v1::AuthenticationService;

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() { unsetenv("SOCKEL_IDENTITY"); }

  // Of each of two calls, as the service sees them.
  std::vector<std::string> TraceIdsOfARun() {
    Session session(ProfileStore(folder_.path()), globals_);
    Profile profile;
    profile.endpoints["identity"] = server_.address();
    session.Adopt(profile);
    std::vector<std::string> trace_ids;
    for (int i = 0; i < 2; ++i) {
      EXPECT_TRUE(session
                      .CallPublic<AuthenticationService>(&AuthenticationService::Stub::GetJwks,
                                                         identity::v1::GetJwksRequest())
                      .ok());
      const std::optional<trace::Context> seen = trace::Parse(server_.last("traceparent"));
      trace_ids.push_back(seen.has_value() ? seen->trace_id : "none");
    }
    return trace_ids;
  }

  TestingFolder folder_;
  Globals globals_{.profile = "test"};
  client::RecordingServer server_;
};

TEST_F(SessionTest, AllCallsOfARunArePartOfOneTrace) {
  const std::vector<std::string> first = TraceIdsOfARun();
  const std::vector<std::string> second = TraceIdsOfARun();
  EXPECT_EQ(first[0].size(), 32u);
  EXPECT_EQ(first[0], first[1]);
  EXPECT_EQ(second[0], second[1]);
  EXPECT_NE(first[0], second[0]);
}

}  // namespace
}  // namespace sockel::cli
