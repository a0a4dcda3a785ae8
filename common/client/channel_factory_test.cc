#include "common/client/channel_factory.h"

#include <gtest/gtest.h>

#include <atomic>

#include "absl/strings/str_cat.h"
#include "common/client/call.h"
#include "common/client/testing/recording_server.h"
#include "common/error/error.h"
#include "common/error/grpc_status.h"

namespace sockel::client {
namespace {

using identity::v1::AuthenticationService;

const grpc::Status kUnavailable(grpc::StatusCode::UNAVAILABLE, "later");

const google::protobuf::ServiceDescriptor* Described() {
  return identity::v1::Session::descriptor()->file()->FindServiceByName("AuthenticationService");
}

// What an integer argument is set to; -1 when it is not.
int IntegerOf(const grpc::ChannelArguments& arguments, std::string_view key) {
  const grpc_channel_args all = arguments.c_channel_args();
  for (std::size_t i = 0; i < all.num_args; ++i) {
    const grpc_arg& one = all.args[i];
    if (one.type == GRPC_ARG_INTEGER && key == one.key) return one.value.integer;
  }
  return -1;
}

// Has no token to give.
class NoToken final : public TokenSource {
 public:
  void Get(Done done) override {
    done(error::Unavailable(error::CommonReason::DEPENDENCY_UNAVAILABLE,
                            "identity does not answer"));
  }
  void Rejected(const std::string&) override {}
};

// Gives the token from another thread.
class SlowToken final : public TokenSource {
 public:
  ~SlowToken() override {
    for (std::thread& thread : threads_) thread.join();
  }
  void Get(Done done) override {
    threads_.emplace_back([done = std::move(done)] { done(std::string("slow")); });
  }
  void Rejected(const std::string& token) override { rejected = token; }
  std::string rejected;

 private:
  std::vector<std::thread> threads_;
};

// Gives the next token once one is rejected.
class NextToken final : public TokenSource {
 public:
  void Get(Done done) override { done(absl::StrCat("token-", number_.load())); }
  void Rejected(const std::string&) override { ++number_; }

 private:
  std::atomic<int> number_{1};
};

grpc::Status Revoked() {
  return error::ToGrpc(error::Make(absl::StatusCode::kUnauthenticated,
                                   error::CommonReason::TOKEN_REVOKED, "roles changed"),
                       "identity.sockel");
}

class ChannelFactoryTest : public ::testing::Test {
 protected:
  std::unique_ptr<AuthenticationService::Stub> Stub(const std::string& target,
                                                    std::shared_ptr<TokenSource> tokens = nullptr) {
    const ChannelFactory factory = ChannelFactory::Create({}, std::move(tokens)).value();
    return AuthenticationService::NewStub(factory.Connect(target, {Described()}).value());
  }
  static absl::Status GetKeys(AuthenticationService::Stub& stub, CallOptions options = {}) {
    return Unary(stub, &AuthenticationService::Stub::GetJwks, identity::v1::GetJwksRequest(),
                 options)
        .status();
  }

  RecordingServer server_;
};

TEST_F(ChannelFactoryTest, RepeatsAReadUntilItSucceeds) {
  server_.FailNext(3, kUnavailable);
  const auto stub = Stub(server_.address());
  EXPECT_TRUE(GetKeys(*stub).ok());
  EXPECT_EQ(server_.calls().size(), 4u);
}

TEST_F(ChannelFactoryTest, GivesUpAfterFiveAttempts) {
  server_.FailNext(100, kUnavailable);
  const auto stub = Stub(server_.address());
  EXPECT_EQ(GetKeys(*stub).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(server_.calls().size(), 5u);
}

TEST_F(ChannelFactoryTest, RepeatsAChangeWithTheSameRequestId) {
  server_.FailNext(1, kUnavailable);
  const auto stub = Stub(server_.address());
  EXPECT_TRUE(Unary(*stub, &AuthenticationService::Stub::RevokeSession,
                    identity::v1::RevokeSessionRequest())
                  .ok());
  const auto calls = server_.calls();
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].request_id.size(), 36u);
  EXPECT_EQ(calls[0].request_id, calls[1].request_id);
}

TEST_F(ChannelFactoryTest, DoesNotRepeatASignIn) {
  server_.FailNext(1, kUnavailable);
  const auto stub = Stub(server_.address());
  EXPECT_FALSE(
      Unary(*stub, &AuthenticationService::Stub::Login, identity::v1::LoginRequest()).ok());
  EXPECT_EQ(server_.calls().size(), 1u);
}

TEST_F(ChannelFactoryTest, DoesNotRepeatOtherErrors) {
  server_.FailNext(1, {grpc::StatusCode::ABORTED, "changed"});
  const auto stub = Stub(server_.address());
  EXPECT_EQ(GetKeys(*stub).code(), absl::StatusCode::kAborted);
  EXPECT_EQ(server_.calls().size(), 1u);
}

TEST_F(ChannelFactoryTest, DoesNotSendWhatNoServerTakes) {
  identity::v1::LoginRequest large;
  large.set_password(std::string(kMostMessageBytes, 'x'));
  const auto stub = Stub(server_.address());
  const absl::Status refused = Unary(*stub, &AuthenticationService::Stub::Login, large).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(error::ReasonOf(refused), "MESSAGE_TOO_LARGE");
  grpc::ClientContext context;
  identity::v1::LoginResponse response;
  EXPECT_FALSE(stub->Login(&context, large, &response).ok());
  EXPECT_TRUE(server_.calls().empty());
}

TEST_F(ChannelFactoryTest, SharesAConnectionUnlessToldNotTo) {
  const ChannelFactory factory = ChannelFactory::Create({}, nullptr).value();
  const auto first = factory.Connect(server_.address(), {Described()}).value();
  const auto second = factory.Connect(server_.address(), {Described()}).value();
  const auto apart = factory.ConnectApart(server_.address(), {Described()}).value();
  for (const auto& channel : {first, second, apart}) {
    ASSERT_TRUE(GetKeys(*AuthenticationService::NewStub(channel)).ok());
  }
  const auto calls = server_.calls();
  EXPECT_EQ(calls[0].peer, calls[1].peer);
  EXPECT_NE(calls[0].peer, calls[2].peer);
}

TEST_F(ChannelFactoryTest, UsesTheServersThatLiveAndAreHealthy) {
  RecordingServer other;
  const auto stub = Stub(absl::StrCat(server_.address(), ", ", other.address(), ",127.0.0.1:1"));
  server_.server().GetHealthCheckService()->SetServingStatus(false);
  CallOptions patient;
  patient.wait_for_ready = true;
  for (int i = 0; i < 100 && other.calls().empty(); ++i) EXPECT_TRUE(GetKeys(*stub, patient).ok());
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(GetKeys(*stub, patient).ok());
  EXPECT_GE(other.calls().size(), 10u);
}

TEST_F(ChannelFactoryTest, PutsTheTokenOnCallsAndStreams) {
  const auto stub = Stub(server_.address(), FixedToken("t1"));
  ASSERT_TRUE(GetKeys(*stub).ok());
  EXPECT_EQ(server_.last("authorization"), "Bearer t1");
  grpc::ClientContext context;
  auto reader = stub->WatchRevocations(&context, {});
  identity::v1::WatchRevocationsResponse response;
  EXPECT_TRUE(reader->Read(&response));
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(server_.last("authorization"), "Bearer t1");
}

TEST_F(ChannelFactoryTest, PrefersTheTokenOfTheCall) {
  const auto stub = Stub(server_.address(), FixedToken("t1"));
  CallOptions options;
  options.bearer = "mine";
  ASSERT_TRUE(GetKeys(*stub, options).ok());
  EXPECT_EQ(server_.last("authorization"), "Bearer mine");
  EXPECT_EQ(server_.calls().back().metadata.count("authorization"), 1u);
}

TEST_F(ChannelFactoryTest, WaitsForATokenFromAnotherThread) {
  const auto stub = Stub(server_.address(), std::make_shared<SlowToken>());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(GetKeys(*stub).ok());
  EXPECT_EQ(server_.last("authorization"), "Bearer slow");
}

TEST_F(ChannelFactoryTest, TellsTheSourceThatATokenWasRejected) {
  auto tokens = std::make_shared<SlowToken>();
  const auto stub = Stub(server_.address(), tokens);
  server_.FailNext(1, {grpc::StatusCode::UNAUTHENTICATED, "revoked"});
  EXPECT_FALSE(GetKeys(*stub).ok());
  EXPECT_EQ(tokens->rejected, "slow");
}

TEST_F(ChannelFactoryTest, RepeatsACallWhoseTokenWasRevokedOnceWithTheNext) {
  const auto stub = Stub(server_.address(), std::make_shared<NextToken>());
  server_.FailNext(1, Revoked());
  EXPECT_TRUE(GetKeys(*stub).ok());
  EXPECT_EQ(server_.calls().size(), 2u);
  EXPECT_EQ(server_.last("authorization"), "Bearer token-2");
  server_.FailNext(3, Revoked());
  EXPECT_EQ(error::ReasonOf(GetKeys(*stub)), "TOKEN_REVOKED");
  EXPECT_EQ(server_.calls().size(), 4u);
}

TEST_F(ChannelFactoryTest, ATokenOfTheCallsOwnHasNoNext) {
  const auto stub = Stub(server_.address(), std::make_shared<NextToken>());
  server_.FailNext(1, Revoked());
  CallOptions own;
  own.bearer = "own";
  EXPECT_FALSE(GetKeys(*stub, own).ok());
  EXPECT_EQ(server_.calls().size(), 1u);
}

TEST_F(ChannelFactoryTest, SendsNothingWithoutAToken) {
  const auto stub = Stub(server_.address(), std::make_shared<NoToken>());
  const absl::Status status = GetKeys(*stub);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(error::ReasonOf(status), "DEPENDENCY_UNAVAILABLE");
  grpc::ClientContext context;
  auto reader = stub->WatchRevocations(&context, {});
  identity::v1::WatchRevocationsResponse response;
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(server_.calls().empty());
}

TEST(ConnectTest, RefusesPlaintextToOtherMachines) {
  const ChannelFactory factory = ChannelFactory::Create({}, nullptr).value();
  EXPECT_EQ(factory.Connect("10.0.0.1:7001", {}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(factory.Connect("127.0.0.1:7001,10.0.0.1:7001", {}).ok());
  ChannelOptions anywhere;
  anywhere.plaintext_anywhere = true;
  EXPECT_TRUE(ChannelFactory::Create(anywhere, nullptr)->Connect("10.0.0.1:7001", {}).ok());
}

TEST(ConnectTest, NamesAnUnreadableFile) {
  ChannelOptions options;
  options.tls = TlsFiles{"/nonexistent/ca.pem", "", "", ""};
  const absl::Status status = ChannelFactory::Create(options, nullptr).status();
  EXPECT_NE(std::string(status.message()).find("/nonexistent/ca.pem"), std::string::npos);
}

TEST(ArgumentsForTest, LooksANameUpAgainAfterTwoSeconds) {
  const grpc::ChannelArguments arguments = ArgumentsFor("{}", ChannelOptions());
  EXPECT_EQ(IntegerOf(arguments, GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS), 2'000);
}

TEST(IsLocalTargetTest, KnowsThisMachine) {
  for (const char* target :
       {"127.0.0.1:1", "localhost:1", "[::1]:1", "unix:/run/x", "ipv4:127.0.0.1:1,127.0.0.2:2",
        "dns:///localhost:1", "127.0.0.1:1, 127.0.0.1:2"}) {
    EXPECT_TRUE(IsLocalTarget(target)) << target;
  }
  for (const char* target : {"10.0.0.1:1", "localhost.evil.example:1", "efile:1", "dns:///efile:1",
                             "127.0.0.1:1,10.0.0.1:1", ""}) {
    EXPECT_FALSE(IsLocalTarget(target)) << target;
  }
}

}  // namespace
}  // namespace sockel::client
