#include "common/rpc/stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "common/error/grpc_status.h"
#include "common/rpc/testing/in_process_server.h"
#include "common/rpc/testing/library.h"

namespace sockel::rpc {
namespace {

using ::testing::HasSubstr;
using testing::InProcessServer;
using testing::Library;
using testing::LibraryDoor;
using testing::LibraryService;
using testing::Page;
using testing::ReadPagesRequest;
using testing::WritePagesResponse;

constexpr char kBook[] = "tenants/smi/books/b1";

class StreamTest : public ::testing::Test {
 protected:
  explicit StreamTest(const InProcessServer::Options& options = {}) : server_(options) {
    server_.Serve({&door_});
    stub_ = LibraryService::NewStub(server_.channel());
    request_.set_name(kBook);
  }
  ~StreamTest() override { server_.Stop(); }

  static std::string ReasonOf(const grpc::Status& status) {
    return error::ReasonOf(error::FromGrpc(status));
  }

  static Page PageOf(int number, const std::string& name = "") {
    Page page;
    page.set_name(name);
    page.set_number(number);
    page.set_content("text");
    return page;
  }

  // What a client hears that streams these bytes as pages.
  grpc::Status Stream(const std::vector<std::string>& pages) const {
    return server_.StreamBytes(*InProcessServer::Context("smi"),
                               "/sockel.rpc.testing.LibraryService/WritePages", pages);
  }

  // That of the first call to end.
  std::string AwaitLogLine() {
    const absl::Time limit = absl::Now() + absl::Seconds(20);
    while (server_.log().lines().empty() && absl::Now() < limit) std::this_thread::yield();
    return server_.log().lines().empty() ? "no call ended" : server_.log().lines().front();
  }

  Library library_;
  InProcessServer server_;
  LibraryDoor door_{server_.dispatcher(), library_};
  std::unique_ptr<LibraryService::Stub> stub_;
  ReadPagesRequest request_;
};

TEST_F(StreamTest, SendsEverythingInOrderAndEndsWell) {
  library_.AddPages(50);
  library_.EndPages();
  auto context = InProcessServer::Context("smi");
  auto reader = stub_->ReadPages(context.get(), request_);
  Page page;
  int next = 0;
  while (reader->Read(&page)) EXPECT_EQ(page.number(), next++);
  EXPECT_EQ(next, 50);
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(StreamTest, TakesNoMoreFromTheSourceThanTheClientReads) {
  library_.AddPages(10'000);
  auto context = InProcessServer::Context("smi");
  auto reader = stub_->ReadPages(context.get(), request_);
  Page page;
  ASSERT_TRUE(reader->Read(&page));
  // One taken by us, one or two on their way; never all of them.
  EXPECT_LT(library_.pages_taken(), 100);
  context->TryCancel();
  reader->Finish();
  library_.WaitUntilNoStreams();
  EXPECT_LT(library_.pages_taken(), 1'000);
}

TEST_F(StreamTest, WaitsForNewsWithoutAThread) {
  // More idle streams than workers, and still a worker is free.
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<Page>>> readers;
  for (int i = 0; i < 20; ++i) {
    contexts.push_back(InProcessServer::Context("smi"));
    readers.push_back(stub_->ReadPages(contexts.back().get(), request_));
  }
  testing::GetBookRequest request;
  request.set_name(kBook);
  testing::Book book;
  auto context = InProcessServer::Context("smi");
  EXPECT_TRUE(stub_->GetBook(context.get(), request, &book).ok());
  library_.AddPages(1);
  library_.EndPages();
  for (auto& reader : readers) {
    Page page;
    EXPECT_TRUE(reader->Read(&page));
    EXPECT_FALSE(reader->Read(&page));
    EXPECT_TRUE(reader->Finish().ok());
  }
}

TEST_F(StreamTest, ForgetsAWaitingSourceWhenTheClientGoesAway) {
  auto context = InProcessServer::Context("smi");
  auto reader = stub_->ReadPages(context.get(), request_);
  library_.WaitUntilWaiting();
  context->TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  library_.WaitUntilNoStreams();
  library_.AddPages(1);  // wakes a stream that is no more
}

TEST_F(StreamTest, EndsWaitingStreamsWhenDraining) {
  auto context = InProcessServer::Context("smi");
  auto reader = stub_->ReadPages(context.get(), request_);
  library_.WaitUntilWaiting();
  server_.dispatcher().Drain();
  Page page;
  EXPECT_FALSE(reader->Read(&page));
  const grpc::Status status = reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(status), "DRAINING");
}

TEST_F(StreamTest, LetsADownloadFinishWhileDraining) {
  library_.AddPages(100);
  library_.EndPages();
  auto context = InProcessServer::Context("smi");
  auto reader = stub_->ReadPages(context.get(), request_);
  Page page;
  ASSERT_TRUE(reader->Read(&page));
  server_.dispatcher().Drain();
  int pages = 1;
  while (reader->Read(&page)) ++pages;
  EXPECT_EQ(pages, 100);
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(StreamTest, RefusesAStreamLikeAnyOtherCall) {
  auto stranger = InProcessServer::Context("sma");
  EXPECT_EQ(stub_->ReadPages(stranger.get(), request_)->Finish().error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  auto anonymous = InProcessServer::Anonymous();
  EXPECT_EQ(ReasonOf(stub_->ReadPages(anonymous.get(), request_)->Finish()), "TOKEN_MISSING");
}

TEST_F(StreamTest, TakesAllMessagesOfAClient) {
  WritePagesResponse response;
  auto context = InProcessServer::Context("smi");
  auto writer = stub_->WritePages(context.get(), &response);
  for (int i = 0; i < 500; ++i) writer->Write(PageOf(i, i == 0 ? kBook : ""));
  writer->WritesDone();
  EXPECT_TRUE(writer->Finish().ok());
  EXPECT_EQ(response.pages(), 500);
  EXPECT_EQ(response.bytes(), 2000);
}

TEST_F(StreamTest, AuthorisesTheFirstMessageOfAClient) {
  WritePagesResponse response;
  auto context = InProcessServer::Context("smi");
  auto writer = stub_->WritePages(context.get(), &response);
  writer->Write(PageOf(0, "tenants/sma/books/b1"));
  EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(StreamTest, KeepsLaterMessagesInTheTenantOfTheFirst) {
  WritePagesResponse response;
  auto context = InProcessServer::Context("smi");
  auto writer = stub_->WritePages(context.get(), &response);
  writer->Write(PageOf(0, kBook));
  writer->Write(PageOf(1, "tenants/sma/books/b1"));
  EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(StreamTest, EndsTheUploadAtTheFirstMessageThatIsWrong) {
  WritePagesResponse response;
  auto context = InProcessServer::Context("smi");
  auto writer = stub_->WritePages(context.get(), &response);
  writer->Write(PageOf(0, kBook));
  writer->Write(PageOf(-1));
  EXPECT_EQ(ReasonOf(writer->Finish()), "FIELD_INVALID");
  library_.WaitUntilNoStreams();
}

TEST_F(StreamTest, RefusesAnUploadWithoutMessages) {
  WritePagesResponse response;
  auto context = InProcessServer::Context("smi");
  auto writer = stub_->WritePages(context.get(), &response);
  writer->WritesDone();
  EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

// gRPC tells us of it no more than of the end of the stream.
TEST_F(StreamTest, TakesAMessageThatDoesNotParseForNoEndOfTheStream) {
  const std::string good = PageOf(0, kBook).SerializeAsString();
  const std::string no_field(2, '\0');
  const std::vector<std::vector<std::string>> streams = {
      {good, "\xFF\xFF\xFF"}, {good, good, "\x0A\x02\xC0\xAF"}, {good, no_field}, {"\x0A\x7F"}};
  for (const std::vector<std::string>& pages : streams) {
    const grpc::Status status = Stream(pages);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(ReasonOf(status), "FIELD_INVALID");
    EXPECT_THAT(status.error_message(), HasSubstr("sockel.rpc.testing.Page"));
  }
  library_.WaitUntilNoStreams();
}

TEST_F(StreamTest, TakesAMessageWithoutBytesForAMessage) {
  EXPECT_TRUE(Stream({PageOf(0, kBook).SerializeAsString(), "", ""}).ok());
}

TEST_F(StreamTest, ForgetsTheSinkWhenTheClientGoesAway) {
  WritePagesResponse response;
  auto context = InProcessServer::Context("smi");
  auto writer = stub_->WritePages(context.get(), &response);
  writer->Write(PageOf(0, kBook));
  context->TryCancel();
  EXPECT_FALSE(writer->Finish().ok());
  library_.WaitUntilNoStreams();
}

TEST_F(StreamTest, SendsNothingMoreToWhomWasStopped) {
  auto context = InProcessServer::Context("smi");
  auto reader = stub_->ReadPages(context.get(), request_);
  library_.WaitUntilWaiting();
  server_.test_authenticator().SetStanding(Authenticator::Standing::kRevoked);
  library_.AddPages(1);
  Page page;
  EXPECT_FALSE(reader->Read(&page));
  EXPECT_EQ(ReasonOf(reader->Finish()), "TOKEN_REVOKED");
}

TEST_F(StreamTest, TakesNothingMoreFromWhomWasStopped) {
  library_.HoldWrites();
  WritePagesResponse response;
  auto context = InProcessServer::Context("smi");
  auto writer = stub_->WritePages(context.get(), &response);
  writer->Write(PageOf(0, kBook));
  library_.WaitUntilWriting();
  server_.test_authenticator().SetStanding(Authenticator::Standing::kRevoked);
  library_.AllowWrites(10);
  writer->Write(PageOf(1));
  EXPECT_EQ(ReasonOf(writer->Finish()), "TOKEN_REVOKED");
}

TEST_F(StreamTest, LetsNobodyWaitLongerThanTheTokenIsGood) {
  server_.test_authenticator().SetStanding(Authenticator::Standing::kExpired);
  library_.AddPages(2);
  auto context = InProcessServer::Context("smi");
  auto reader = stub_->ReadPages(context.get(), request_);
  Page page;
  // What is there is sent to the end.
  EXPECT_TRUE(reader->Read(&page));
  EXPECT_TRUE(reader->Read(&page));
  EXPECT_FALSE(reader->Read(&page));
  EXPECT_EQ(ReasonOf(reader->Finish()), "TOKEN_EXPIRED");
}

class FewStreamsTest : public StreamTest {
 protected:
  FewStreamsTest() : StreamTest({.max_streams = 1}) {}
};

TEST_F(FewStreamsTest, RefusesMoreStreamsThanItIsMadeFor) {
  auto first = InProcessServer::Context("smi");
  auto reader = stub_->ReadPages(first.get(), request_);
  library_.WaitUntilWaiting();
  auto second = InProcessServer::Context("smi");
  const grpc::Status status = stub_->ReadPages(second.get(), request_)->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(status), "OVERLOADED");
  library_.EndPages();
  EXPECT_TRUE(reader->Finish().ok());
}

class SharedStreamsTest : public StreamTest {
 protected:
  SharedStreamsTest() : StreamTest({.max_streams = 4}) {}
};

TEST_F(SharedStreamsTest, LeavesHalfOfThePlacesToOtherTenants) {
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<Page>>> readers;
  for (int i = 1; i <= 2; ++i) {
    contexts.push_back(InProcessServer::Context("smi"));
    readers.push_back(stub_->ReadPages(contexts.back().get(), request_));
    library_.WaitUntilWaiting(i);
  }
  auto third = InProcessServer::Context("smi");
  EXPECT_EQ(ReasonOf(stub_->ReadPages(third.get(), request_)->Finish()), "OVERLOADED");
  request_.set_name("tenants/sma/books/b1");
  contexts.push_back(InProcessServer::Context("sma"));
  readers.push_back(stub_->ReadPages(contexts.back().get(), request_));
  library_.EndPages();
  for (auto& reader : readers) EXPECT_TRUE(reader->Finish().ok());
  // Those that ended gave their share back.
  request_.set_name(kBook);
  EXPECT_TRUE(stub_->ReadPages(InProcessServer::Context("smi").get(), request_)->Finish().ok());
}

TEST_F(FewStreamsTest, GivesNoPlaceToAStrangerWhoSaysNothing) {
  WritePagesResponse response;
  auto stranger = InProcessServer::Anonymous();
  auto writer = stub_->WritePages(stranger.get(), &response);
  library_.AddPages(1);
  library_.EndPages();
  auto context = InProcessServer::Context("smi");
  auto reader = stub_->ReadPages(context.get(), request_);
  Page page;
  EXPECT_TRUE(reader->Read(&page));
  while (reader->Read(&page)) {
  }
  EXPECT_TRUE(reader->Finish().ok());
  stranger->TryCancel();
  writer->Finish();
}

class ImpatientStreamTest : public StreamTest {
 protected:
  ImpatientStreamTest() : StreamTest({.stream_idle = absl::Milliseconds(100)}) {}
};

TEST_F(ImpatientStreamTest, EndsAStreamWhoseClientSendsNothing) {
  for (const bool silent_from_the_start : {true, false}) {
    WritePagesResponse response;
    auto context = InProcessServer::Context("smi");
    auto writer = stub_->WritePages(context.get(), &response);
    if (!silent_from_the_start) writer->Write(PageOf(0, kBook));
    const grpc::Status status = writer->Finish();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
    EXPECT_EQ(ReasonOf(status), "STREAM_IDLE");
  }
  library_.WaitUntilNoStreams();
}

// So that its client, which reads on only when asked, does not take the rest.
TEST_F(ImpatientStreamTest, EndsAStreamWhoseClientTakesNothing) {
  library_.AddPages(10'000);
  auto context = InProcessServer::Context("smi");
  auto reader = stub_->ReadPages(context.get(), request_);
  Page page;
  ASSERT_TRUE(reader->Read(&page));
  EXPECT_THAT(AwaitLogLine(), HasSubstr("STREAM_IDLE"));
  while (reader->Read(&page)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_LT(library_.pages_taken(), 10'000);
}

class TickingStreamTest : public StreamTest {
 protected:
  TickingStreamTest() : StreamTest({.stream_idle = absl::Seconds(1)}) {}
};

TEST_F(TickingStreamTest, EndsAStreamWhoseClientWasStoppedAndTakesNothing) {
  library_.AddPages(10'000);
  auto context = InProcessServer::Context("smi");
  auto reader = stub_->ReadPages(context.get(), request_);
  Page page;
  ASSERT_TRUE(reader->Read(&page));
  server_.test_authenticator().SetStanding(Authenticator::Standing::kRevoked);
  EXPECT_THAT(AwaitLogLine(), HasSubstr("TOKEN_REVOKED"));
  context->TryCancel();
  reader->Finish();
}

class OneWorkerStreamTest : public StreamTest {
 protected:
  OneWorkerStreamTest() : StreamTest({.workers = {.threads = 1, .max_wait = absl::Seconds(10)}}) {}
};

TEST_F(OneWorkerStreamTest, SharesItsWorkerWithOthersAfterEachMessage) {
  library_.HoldWrites();
  WritePagesResponse response;
  auto context = InProcessServer::Context("smi");
  auto writer = stub_->WritePages(context.get(), &response);
  for (int i = 0; i < 2; ++i) writer->Write(PageOf(i, i == 0 ? kBook : ""));
  library_.WaitUntilWriting();
  testing::GetBookRequest request;
  request.set_name(kBook);
  testing::Book book;
  auto get_context = InProcessServer::Context("smi");
  std::promise<grpc::Status> answer;
  stub_->async()->GetBook(get_context.get(), &request, &book,
                          [&](const grpc::Status& status) { answer.set_value(status); });
  while (server_.workers().queued() == 0) std::this_thread::yield();
  library_.AllowWrites(1);
  EXPECT_TRUE(answer.get_future().get().ok());
  library_.AllowWrites(1);
  writer->WritesDone();
  EXPECT_TRUE(writer->Finish().ok());
  EXPECT_EQ(response.pages(), 2);
}

}  // namespace
}  // namespace sockel::rpc
