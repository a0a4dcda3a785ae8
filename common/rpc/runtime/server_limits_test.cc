#include "common/rpc/runtime/server_limits.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/rpc/testing/in_process_server.h"
#include "common/rpc/testing/library.h"

namespace sockel::rpc {
namespace {

using testing::InProcessServer;
using testing::LibraryService;

TEST(ServerLimitsTest, AConnectionThatIsOldGetsNoMoreCallsButItsStreamGoesOn) {
  testing::Library library;
  InProcessServer lender;  // of its dispatcher: connections in the process have no age
  testing::LibraryDoor door(lender.dispatcher(), library);
  grpc::ServerBuilder builder;
  SetLimits(builder, absl::Milliseconds(300));
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&door);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  ASSERT_TRUE(server != nullptr);
  const auto channel =
      grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials());
  const auto stub = LibraryService::NewStub(channel);

  testing::ReadPagesRequest request;
  request.set_name("tenants/smi/books/b1");
  const auto streaming = InProcessServer::Context("smi");
  const auto reader = stub->ReadPages(streaming.get(), request);
  testing::Page page;
  library.AddPages(1);
  ASSERT_TRUE(reader->Read(&page));
  EXPECT_TRUE(channel->WaitForStateChange(
      GRPC_CHANNEL_READY, std::chrono::system_clock::now() + std::chrono::seconds(20)));

  const auto context = InProcessServer::Context("smi");
  testing::WhoAmIResponse response;
  EXPECT_TRUE(stub->WhoAmI(context.get(), {}, &response).ok());
  library.AddPages(1);
  library.EndPages();
  EXPECT_TRUE(reader->Read(&page));
  EXPECT_FALSE(reader->Read(&page));
  EXPECT_TRUE(reader->Finish().ok());
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(20));
}

}  // namespace
}  // namespace sockel::rpc
