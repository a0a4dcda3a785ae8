#include "common/client/call.h"

#include <gtest/gtest.h>

#include "common/client/channel_factory.h"
#include "common/client/testing/recording_server.h"
#include "common/error/error.h"
#include "common/ids/ids.h"

namespace sockel::client {
namespace {

using identity::v1::AuthenticationService;

TEST(FillRequestIdTest, GivesARequestAnIdOnce) {
  identity::v1::RevokeSessionRequest request;
  FillRequestId(request);
  const std::string id = request.request_id();
  EXPECT_TRUE(ids::IsUuid(id));
  FillRequestId(request);
  EXPECT_EQ(request.request_id(), id);
}

TEST(FillRequestIdTest, LeavesRequestsWithoutTheFieldAlone) {
  identity::v1::LoginRequest request;
  FillRequestId(request);
  EXPECT_EQ(request.ByteSizeLong(), 0u);
}

class UnaryTest : public ::testing::Test {
 protected:
  UnaryTest() {
    const ChannelFactory factory = ChannelFactory::Create({}, nullptr).value();
    stub_ = AuthenticationService::NewStub(factory.Connect(server_.address(), {}).value());
  }
  auto Get(const CallOptions& options) {
    return Unary(*stub_, &AuthenticationService::Stub::GetJwks, identity::v1::GetJwksRequest(),
                 options);
  }

  RecordingServer server_;
  std::unique_ptr<AuthenticationService::Stub> stub_;
};

TEST_F(UnaryTest, ReturnsTheResponse) { EXPECT_EQ(Get({})->jwks(), "keys"); }

TEST_F(UnaryTest, ContinuesTheCallersTraceWithinItsDeadline) {
  Caller caller;
  caller.trace_id = "0af7651916cd43dd8448eb211c80319c";
  caller.span_id = "b7ad6b7169203331";
  caller.deadline = absl::Now() + absl::Seconds(5);
  CallOptions options;
  options.caller = &caller;
  options.timeout = absl::Hours(1);
  ASSERT_TRUE(Get(options).ok());
  EXPECT_EQ(server_.last("traceparent"), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  EXPECT_LT(server_.calls().back().deadline, caller.deadline + absl::Seconds(1));
}

TEST_F(UnaryTest, KeepsItsOwnTimeoutWhenTheCallerHasNone) {
  Caller caller;
  CallOptions options;
  options.caller = &caller;
  options.timeout = absl::Seconds(7);
  ASSERT_TRUE(Get(options).ok());
  EXPECT_LT(server_.calls().back().deadline, absl::Now() + absl::Seconds(8));
}

TEST_F(UnaryTest, KeepsTheReasonOfAnError) {
  const absl::Status sent = error::NotFound("tenants/smi/users/u1");
  server_.FailNext(1, error::ToGrpc(sent, "identity.sockel"));
  const absl::Status got = Get({}).status();
  EXPECT_EQ(got.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(error::ReasonOf(got), "RESOURCE_NOT_FOUND");
}

}  // namespace
}  // namespace sockel::client
