#include "common/events/event_service.h"

#include "common/error/error.h"
#include "common/error/grpc_status.h"
#include "common/events/testing_fixture.h"
#include "common/rpc/testing/in_process_server.h"

namespace sockel::events {
namespace {

using v1::EventService;

class EventDoorTest : public EventsFixture {
 protected:
  EventDoorTest() {
    server_.Serve({&door_});
    stub_ = EventService::NewStub(server_.channel());
  }
  ~EventDoorTest() override { server_.Stop(); }

  static v1::WatchEventsRequest From(const std::string& cursor) {
    v1::WatchEventsRequest request;
    request.set_parent("tenants/smi");
    request.set_cursor(cursor);
    return request;
  }

  WakeHub hub_;
  Watches watches_{db_, hub_, clock_, "efile", {}};
  rpc::testing::InProcessServer server_{{.domain = "efile.sockel"}};
  EventDoor door_{server_.dispatcher(), watches_};
  std::unique_ptr<EventService::Stub> stub_;
};

TEST_F(EventDoorTest, AClientFollowsAndResumes) {
  Emit("a");
  std::string cursor;
  {
    auto context = server_.Context("smi");
    auto reader = stub_->WatchEvents(context.get(), From(""));
    v1::WatchEventsResponse response;
    ASSERT_TRUE(reader->Read(&response));
    EXPECT_EQ(response.event().type(), "a");
    cursor = response.cursor();
    // While the client waits, something happens.
    Emit("b");
    hub_.Announce("smi");
    ASSERT_TRUE(reader->Read(&response));
    EXPECT_EQ(response.event().type(), "b");
    context->TryCancel();
    reader->Finish();
  }
  auto context = server_.Context("smi");
  auto reader = stub_->WatchEvents(context.get(), From(cursor));
  v1::WatchEventsResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.event().type(), "b");
  context->TryCancel();
  reader->Finish();
}

TEST_F(EventDoorTest, ADrainingServerEndsTheStreamSoThatTheClientGoesElsewhere) {
  auto context = server_.Context("smi");
  auto reader = stub_->WatchEvents(context.get(), From("now"));
  v1::WatchEventsResponse response;
  ASSERT_TRUE(reader->Read(&response));
  server_.dispatcher().Drain();
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(EventDoorTest, AForeignCursorIsRefused) {
  auto context = server_.Context("smi");
  auto reader = stub_->WatchEvents(context.get(), From("nonsense"));
  v1::WatchEventsResponse response;
  EXPECT_FALSE(reader->Read(&response));
  const absl::Status status = error::FromGrpc(reader->Finish());
  EXPECT_EQ(error::ReasonOf(status), "CURSOR_INVALID");
}

}  // namespace
}  // namespace sockel::events
