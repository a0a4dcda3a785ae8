#pragma once

#include "common/rpc/dispatcher.h"
#include "services/notification/inbox/inbox.h"
#include "sockel/notification/v1/inbox.grpc.pb.h"

namespace sockel::notification {

class InboxDoor final : public v1::InboxService::CallbackService {
 public:
  InboxDoor(const rpc::Dispatcher& dispatcher, Inboxes& inboxes)
      : rpc_(dispatcher.For<v1::InboxService>()), inboxes_(inboxes) {}

  grpc::ServerUnaryReactor* ListInboxItems(grpc::CallbackServerContext* ctx,
                                           const v1::ListInboxItemsRequest* request,
                                           v1::ListInboxItemsResponse* response) override;
  grpc::ServerUnaryReactor* GetInboxItem(grpc::CallbackServerContext* ctx,
                                         const v1::GetInboxItemRequest* request,
                                         v1::InboxItem* response) override;
  grpc::ServerUnaryReactor* MarkInboxItemRead(grpc::CallbackServerContext* ctx,
                                              const v1::MarkInboxItemReadRequest* request,
                                              v1::InboxItem* response) override;

 private:
  rpc::ServiceDispatcher rpc_;
  Inboxes& inboxes_;
};

}  // namespace sockel::notification
