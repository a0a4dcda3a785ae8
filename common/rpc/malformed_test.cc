#include "common/rpc/malformed.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <chrono>

#include "common/error/grpc_status.h"
#include "common/rpc/testing/in_process_server.h"
#include "common/rpc/testing/library.h"

namespace sockel::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::InProcessServer;
using ::testing::IsEmpty;
using testing::Library;
using testing::LibraryDoor;
using ::testing::Not;

class MalformedTest : public ::testing::Test {
 protected:
  MalformedTest() { server_.Serve({&door_}); }
  ~MalformedTest() override { server_.Stop(); }

  static std::string ReasonOf(const grpc::Status& status) {
    return error::ReasonOf(error::FromGrpc(status));
  }

  Library library_;
  InProcessServer server_;
  LibraryDoor door_{server_.dispatcher(), library_};
};

// What a client hears that sends these bytes as its request.
grpc::Status SendBytes(
    const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
    const std::string& bytes,
    const std::unique_ptr<grpc::ClientContext>& context = InProcessServer::Context("smi")) {
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  const grpc::Slice slice(bytes);
  auto call = stub.PrepareUnaryCall(context.get(), method, grpc::ByteBuffer(&slice, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  return status;
}

TEST_F(MalformedTest, CallsAMalformedRequestByItsName) {
  const std::string service = "/sockel.rpc.testing.LibraryService/";
  for (const char* method : {"GetBook", "CreateBook", "ReadPages"}) {
    for (const char* bytes : {"\xFF\xFF\xFF", "\x0A\x7F", "\x0A\x02\xC0\xAF"}) {
      const grpc::Status status = SendBytes(server_.channel(), service + method, bytes);
      EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << method;
      EXPECT_EQ(ReasonOf(status), "FIELD_INVALID");
      EXPECT_THAT(status.error_message(), HasSubstr(std::string(method) + "Request"));
    }
  }
}

TEST_F(MalformedTest, LeavesMethodsThatAreNotServedUnimplemented) {
  for (const char* method :
       {"/sockel.rpc.testing.LibraryService/Nonsense", "/sockel.rpc.testing.CarelessService/Open",
        "/Nonsense", "Xsockel.rpc.testing.LibraryService/GetBook"}) {
    EXPECT_EQ(SendBytes(server_.channel(), method, "").error_code(),
              grpc::StatusCode::UNIMPLEMENTED)
        << method;
  }
  EXPECT_THAT(server_.log().lines(), IsEmpty());
}

TEST_F(MalformedTest, CountsAndLogsAMalformedRequestLikeAnyOther) {
  auto context = InProcessServer::Context("smi");
  context->AddMetadata("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  EXPECT_FALSE(SendBytes(server_.channel(), "/sockel.rpc.testing.LibraryService/GetBook",
                         "\xFF\xFF\xFF", context)
                   .ok());
  server_.Stop();  // it is counted when the server knows that the client has got it
  EXPECT_THAT(server_.log().lines(), ElementsAre("sockel.rpc.testing.LibraryService/GetBook "
                                                 "INVALID_ARGUMENT FIELD_INVALID "));
  EXPECT_EQ(server_.log().last_trace_id(), "0af7651916cd43dd8448eb211c80319c");
  const std::string text = server_.metrics().Text();
  EXPECT_THAT(text, HasSubstr("sockel_rpc_handled_total{code=\"INVALID_ARGUMENT\",rpc_method="
                              "\"GetBook\",rpc_service=\"sockel.rpc.testing.LibraryService\","
                              "rpc_type=\"unary\"} 1"));
}

TEST_F(MalformedTest, WhoGoesAwayInTheMiddleOfAMessageSentNoMalformedOne) {
  testing::CreateBookRequest request;
  request.set_parent("tenants/smi");
  request.mutable_book()->set_title("x");
  // Behind a right request, 3 MiB in a field that nobody knows.
  const std::string bytes =
      request.SerializeAsString() + "\xA2\x06\x80\x80\xC0\x01" + std::string(3 << 20, 'x');
  ASSERT_TRUE(
      SendBytes(server_.channel(), "/sockel.rpc.testing.LibraryService/CreateBook", bytes).ok());
  for (int i = 0; i < 40; ++i) {
    auto context = InProcessServer::Context("smi");
    context->set_deadline(std::chrono::system_clock::now() + std::chrono::microseconds(100 * i));
    SendBytes(server_.channel(), "/sockel.rpc.testing.LibraryService/CreateBook", bytes, context);
  }
  server_.Stop();
  for (const std::string& line : server_.log().lines()) {
    EXPECT_THAT(line, Not(HasSubstr("FIELD_INVALID")));
  }
}

TEST_F(MalformedTest, RefusesARequestNestedTooDeeplyToParse) {
  const auto wrap = [](char tag, const std::string& inner) {
    std::string length;
    for (std::size_t n = inner.size();; n >>= 7) {
      length.push_back(static_cast<char>((n & 0x7F) | (n > 0x7F ? 0x80 : 0)));
      if (n <= 0x7F) return tag + length + inner;
    }
  };
  std::string bytes;
  // Value.struct_value in FieldsEntry.value in Struct.fields, again and again.
  for (int i = 0; i < 100; ++i) bytes = wrap(0x0A, wrap(0x12, wrap(0x2A, bytes)));
  bytes = wrap(0x12, wrap(0x4A, bytes));  // Book.extra in CreateBookRequest.book
  EXPECT_EQ(SendBytes(server_.channel(), "/sockel.rpc.testing.LibraryService/CreateBook", bytes)
                .error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(MalformedTest, RefusesARequestLargerThanFourMegabytes) {
  const std::string bytes =
      "\x1A"
      "\x80\x80\xC0\x02" +
      std::string(5 << 20, 'x');
  EXPECT_EQ(SendBytes(server_.channel(), "/sockel.rpc.testing.LibraryService/CreateBook", bytes)
                .error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

}  // namespace
}  // namespace sockel::rpc
