#pragma once

#include "common/events/watches.h"
#include "common/rpc/dispatcher.h"
#include "sockel/events/v1/events.grpc.pb.h"

namespace sockel::events {

// The door of the events: every service has it.
class EventDoor final : public v1::EventService::CallbackService {
 public:
  EventDoor(const rpc::Dispatcher& dispatcher, Watches& watches)
      : rpc_(dispatcher.For<v1::EventService>()), watches_(watches) {}

  grpc::ServerWriteReactor<v1::WatchEventsResponse>* WatchEvents(
      grpc::CallbackServerContext* ctx, const v1::WatchEventsRequest* req) override {
    return rpc_.ServerStream(ctx, req, watches_, &Watches::WatchEvents);
  }

 private:
  rpc::ServiceDispatcher rpc_;
  Watches& watches_;
};

}  // namespace sockel::events
