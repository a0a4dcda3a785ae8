#include "common/rpc/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "absl/time/clock.h"
#include "common/error/grpc_status.h"
#include "common/rpc/testing/in_process_server.h"
#include "common/rpc/testing/library.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace sockel::rpc {
namespace {

using testing::Book;
using ::testing::ElementsAre;
using testing::GetBookRequest;
using ::testing::HasSubstr;
using testing::InProcessServer;
using testing::Library;
using testing::LibraryDoor;
using testing::LibraryService;
using ::testing::Not;

constexpr char kBook[] = "tenants/smi/books/b1";

class DispatcherTest : public ::testing::Test {
 protected:
  explicit DispatcherTest(const InProcessServer::Options& options = {}) : server_(options) {
    server_.Serve({&door_});
    stub_ = LibraryService::NewStub(server_.channel());
  }
  ~DispatcherTest() override { server_.Stop(); }

  grpc::Status Get(std::unique_ptr<grpc::ClientContext> context, const std::string& name = kBook) {
    GetBookRequest request;
    request.set_name(name);
    Book book;
    return stub_->GetBook(context.get(), request, &book);
  }

  static std::string ReasonOf(const grpc::Status& status) {
    return error::ReasonOf(error::FromGrpc(status));
  }

  // The door outlives the server's calls: it is destroyed after the server.
  Library library_;
  InProcessServer server_;
  LibraryDoor door_{server_.dispatcher(), library_};
  std::unique_ptr<LibraryService::Stub> stub_;
};

TEST_F(DispatcherTest, GivesTheUseCaseWhoAsksAndForWhom) {
  ASSERT_TRUE(Get(InProcessServer::Context("smi", {"library.books.get"}, "erika")).ok());
  const Caller caller = library_.caller();
  EXPECT_EQ(caller.subject, "tenants/smi/users/erika");
  EXPECT_EQ(caller.home_tenant, "smi");
  EXPECT_EQ(caller.tenant, "smi");
  EXPECT_EQ(caller.method, "sockel.rpc.testing.LibraryService/GetBook");
  EXPECT_EQ(caller.permission, "library.books.get");
  EXPECT_EQ(caller.trace_id.size(), 32u);
}

TEST_F(DispatcherTest, RefusesACallWithoutAToken) {
  const grpc::Status status = Get(InProcessServer::Anonymous());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(ReasonOf(status), "TOKEN_MISSING");
}

TEST_F(DispatcherTest, RefusesATokenThatIsNotOurs) {
  auto context = InProcessServer::Anonymous();
  context->AddMetadata("authorization", "Bearer eyJhbGciOiJub25lIn0.e30.");
  EXPECT_EQ(ReasonOf(Get(std::move(context))), "TOKEN_INVALID");
}

TEST_F(DispatcherTest, RefusesWhoLacksThePermissionAndNamesIt) {
  const grpc::Status status = Get(InProcessServer::Context("smi", {"library.books.list"}));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(status.error_message(), HasSubstr("library.books.get"));
  EXPECT_EQ(ReasonOf(status), "PERMISSION_MISSING");
}

TEST_F(DispatcherTest, RefusesAnotherTenantsResourceWhateverItsForm) {
  for (const char* name : {"tenants/sma/books/b1", "tenants/sma/nonsense", "tenants/sma"}) {
    EXPECT_EQ(Get(InProcessServer::Context("smi"), name).error_code(),
              grpc::StatusCode::PERMISSION_DENIED)
        << name;
  }
}

TEST_F(DispatcherTest, LetsWhoMayWorkInAnotherTenant) {
  ASSERT_TRUE(Get(InProcessServer::Context("provider", {"everywhere"})).ok());
  EXPECT_EQ(library_.caller().tenant, "smi");
  EXPECT_EQ(library_.caller().home_tenant, "provider");
}

TEST_F(DispatcherTest, NeverTakesAWildcardForATenant) {
  for (const char* name : {"tenants/*/books/b1", "tenants/-/books/b1", "tenants//books/b1"}) {
    EXPECT_EQ(Get(InProcessServer::Context("provider", {"everywhere"}), name).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT)
        << name;
  }
  testing::CreateBookRequest request;
  testing::Book response;
  request.set_parent("tenants/-");
  auto everywhere = InProcessServer::Context("provider", {"everywhere"});
  EXPECT_EQ(stub_->CreateBook(everywhere.get(), request, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(DispatcherTest, ListsAcrossTenantsOnlyForWhoMayDoSo) {
  testing::ListBooksRequest request;
  testing::ListBooksResponse response;
  request.set_parent("tenants/-");
  auto stranger = InProcessServer::Context("smi");
  EXPECT_EQ(stub_->ListBooks(stranger.get(), request, &response).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  auto operator_context = InProcessServer::Context("provider", {"everywhere"});
  EXPECT_TRUE(stub_->ListBooks(operator_context.get(), request, &response).ok());
  EXPECT_EQ(library_.caller().tenant, "*");
}

TEST_F(DispatcherTest, AuthorisesBeforeItValidates) {
  EXPECT_EQ(Get(InProcessServer::Context("smi", {"nothing"}), "").error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Get(InProcessServer::Context("smi"), "").error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(DispatcherTest, NeedsOnlyAValidTokenForWhatConcernsOnesOwn) {
  testing::WhoAmIResponse response;
  auto context = InProcessServer::Context("smi", {});
  ASSERT_TRUE(stub_->WhoAmI(context.get(), {}, &response).ok());
  EXPECT_EQ(response.subject(), "tenants/smi/users/u1");
  auto anonymous = InProcessServer::Anonymous();
  EXPECT_EQ(stub_->WhoAmI(anonymous.get(), {}, &response).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(DispatcherTest, NeedsNoTokenForAPublicMethodAndIgnoresABadOne) {
  testing::WhoAmIResponse response;
  auto context = InProcessServer::Anonymous();
  context->AddMetadata("authorization", "Bearer expired");
  ASSERT_TRUE(stub_->SignIn(context.get(), {}, &response).ok());
  EXPECT_EQ(response.subject(), "");
}

TEST_F(DispatcherTest, ContinuesTheTraceOfTheCaller) {
  testing::WhoAmIResponse response;
  auto context = InProcessServer::Context("smi");
  context->AddMetadata("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  ASSERT_TRUE(stub_->WhoAmI(context.get(), {}, &response).ok());
  EXPECT_EQ(response.trace_id(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(server_.log().last_trace_id(), "0af7651916cd43dd8448eb211c80319c");
}

TEST_F(DispatcherTest, GivesACallWithoutDeadlineThirtySeconds) {
  testing::WhoAmIResponse response;
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer " + testing::TestToken("smi", {}));
  ASSERT_TRUE(stub_->WhoAmI(&context, {}, &response).ok());
  EXPECT_GT(response.remaining_ms(), 25'000);
  EXPECT_LE(response.remaining_ms(), 30'000);
}

TEST_F(DispatcherTest, MakesAnExceptionAnInternalErrorThatTellsNothing) {
  GetBookRequest request;
  request.set_name(kBook);
  Book book;
  auto context = InProcessServer::Context("smi");
  const grpc::Status status = stub_->Fail(context.get(), request, &book);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_THAT(status.error_message() + status.error_details(), Not(HasSubstr("relation")));
  EXPECT_THAT(server_.log().defects(), ElementsAre(HasSubstr("relation \"books\"")));
}

TEST_F(DispatcherTest, PutsExactlyOneErrorInfoWithItsDomainOnTheWire) {
  const grpc::Status status = Get(InProcessServer::Anonymous());
  google::rpc::Status wire;
  ASSERT_TRUE(wire.ParseFromString(status.error_details()));
  ASSERT_EQ(wire.details_size(), 1);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(wire.details(0).UnpackTo(&info));
  EXPECT_EQ(info.domain(), "test.sockel");
  EXPECT_EQ(wire.code(), static_cast<int>(status.error_code()));
}

TEST_F(DispatcherTest, TellsRetryPoliciesThatRepeatsAreInVainWhenTheStorageIsFull) {
  library_.RefuseToCreate(error::Make(absl::StatusCode::kResourceExhausted,
                                      error::CommonReason::STORAGE_FULL, "no space left"));
  testing::CreateBookRequest request;
  request.set_parent("tenants/smi");
  request.mutable_book()->set_title("One too many");
  Book book;
  auto context = InProcessServer::Context("smi");
  EXPECT_EQ(stub_->CreateBook(context.get(), request, &book).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  const auto& trailer = context->GetServerTrailingMetadata();
  const auto pushback = trailer.find("grpc-retry-pushback-ms");
  ASSERT_TRUE(pushback != trailer.end());
  EXPECT_EQ(pushback->second.data()[0], '-');  // gRPC makes another negative number of it
}

TEST_F(DispatcherTest, CountsAndLogsEveryCallOnce) {
  ASSERT_TRUE(Get(InProcessServer::Context("smi")).ok());
  EXPECT_FALSE(Get(InProcessServer::Anonymous()).ok());
  EXPECT_THAT(server_.log().lines(),
              ElementsAre("sockel.rpc.testing.LibraryService/GetBook OK  smi",
                          "sockel.rpc.testing.LibraryService/GetBook UNAUTHENTICATED "
                          "TOKEN_MISSING "));
  const std::string text = server_.metrics().Text();
  EXPECT_THAT(text, HasSubstr("sockel_rpc_handled_total{code=\"UNAUTHENTICATED\",rpc_method="
                              "\"GetBook\",rpc_service=\"sockel.rpc.testing.LibraryService\","
                              "rpc_type=\"unary\"} 1"));
}

TEST_F(DispatcherTest, GivesTheSameHashToARepetitionAndAnotherToAnotherRequest) {
  const auto hash_of = [&](const std::string& request_id, const std::string& title) {
    testing::CreateBookRequest request;
    request.set_parent("tenants/smi");
    request.set_request_id(request_id);
    request.mutable_book()->set_title(title);
    Book book;
    auto context = InProcessServer::Context("smi");
    EXPECT_TRUE(stub_->CreateBook(context.get(), request, &book).ok());
    EXPECT_EQ(library_.caller().request_id, request_id);
    return library_.caller().request_hash;
  };
  const std::string first = hash_of("0190b3f0-0000-7000-8000-000000000001", "Faust");
  EXPECT_EQ(first.size(), 32u);
  EXPECT_EQ(first, hash_of("0190b3f0-0000-7000-8000-000000000002", "Faust"));
  EXPECT_NE(first, hash_of("0190b3f0-0000-7000-8000-000000000001", "Faust II"));
  EXPECT_EQ(hash_of("", "Faust"), "");
}

TEST_F(DispatcherTest, RefusesNewCallsWhileDraining) {
  server_.dispatcher().Drain();
  const grpc::Status status = Get(InProcessServer::Context("smi"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(status), "DRAINING");
}

TEST_F(DispatcherTest, IsContentWithAServiceWhoseMethodsAllSayWhoMayCallThem) {
  EXPECT_TRUE(server_.dispatcher().status().ok());
}

TEST_F(DispatcherTest, NamesTheMethodsThatDoNotSayWhoMayCallThem) {
  server_.dispatcher().For<testing::CarelessService>();
  const std::string problems(server_.dispatcher().status().message());
  EXPECT_THAT(problems, HasSubstr("CarelessService/Open"));
  EXPECT_THAT(problems, HasSubstr("CarelessService/Both"));
}

class FullQueueTest : public DispatcherTest {
 protected:
  FullQueueTest()
      : DispatcherTest({.workers = {.threads = 1, .queue = 1, .max_wait = absl::Seconds(10)}}) {}

  void WaitUntilQueued(int calls) {
    const std::string line = "sockel_workers_queued{pool=\"rpc\"} " + std::to_string(calls);
    while (server_.metrics().Text().find(line) == std::string::npos) std::this_thread::yield();
  }

  std::thread HoldInBackground() {
    return std::thread([this] {
      GetBookRequest request;
      request.set_name(kBook);
      Book book;
      auto context = InProcessServer::Context("smi");
      EXPECT_TRUE(stub_->Hold(context.get(), request, &book).ok());
    });
  }
};

TEST_F(FullQueueTest, RefusesAtOnceWithATimeToRetry) {
  std::thread running = HoldInBackground();
  library_.WaitUntilHeld(1);
  std::thread waiting = HoldInBackground();
  WaitUntilQueued(1);
  const absl::Time start = absl::Now();
  const grpc::Status status = Get(InProcessServer::Context("smi"));
  const absl::Duration took = absl::Now() - start;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(status), "OVERLOADED");
  EXPECT_GT(error::RetryAfterOf(error::FromGrpc(status)), absl::ZeroDuration());
  EXPECT_LT(took, absl::Milliseconds(100));
  library_.Release();
  running.join();
  waiting.join();
}

TEST_F(FullQueueTest, DoesNotBeginWorkWhoseTimeRanOutInTheQueue) {
  std::thread running = HoldInBackground();
  library_.WaitUntilHeld(1);
  auto context = InProcessServer::Context("smi");
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(20));
  EXPECT_EQ(Get(std::move(context)).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  library_.Release();
  running.join();
  server_.Stop();
  EXPECT_THAT(library_.caller().method, HasSubstr("Hold"));
}

TEST_F(FullQueueTest, AnswersInlineMethodsWhateverTheLoad) {
  std::thread running = HoldInBackground();
  library_.WaitUntilHeld(1);
  testing::WhoAmIResponse response;
  auto context = InProcessServer::Context("smi");
  EXPECT_TRUE(stub_->WhoAmI(context.get(), {}, &response).ok());
  library_.Release();
  running.join();
}

class SlowPoolTest : public DispatcherTest {
 protected:
  SlowPoolTest() { door_.slow_pool = &slow_; }
  // Before the server stops, and after its calls have ended.
  ~SlowPoolTest() override { server_.Stop(); }

  std::thread HoldInBackground() {
    return std::thread([this] { EXPECT_TRUE(HoldElsewhere().ok()); });
  }
  grpc::Status HoldElsewhere() {
    GetBookRequest request;
    request.set_name(kBook);
    Book book;
    auto context = InProcessServer::Context("smi");
    return stub_->HoldElsewhere(context.get(), request, &book);
  }

  WorkerPool slow_{{.threads = 1, .queue = 1, .max_wait = absl::Seconds(10), .name = "slow"},
                   server_.metrics()};
};

TEST_F(SlowPoolTest, IsSlowForItsOwnCallsOnly) {
  std::thread running = HoldInBackground();
  library_.WaitUntilHeld(1);
  std::thread waiting = HoldInBackground();
  while (slow_.queued() == 0) std::this_thread::yield();
  EXPECT_EQ(ReasonOf(HoldElsewhere()), "OVERLOADED");
  EXPECT_TRUE(Get(InProcessServer::Context("smi")).ok());
  library_.Release();
  running.join();
  waiting.join();
}

}  // namespace
}  // namespace sockel::rpc
