#include "services/notification/inbox/inbox_service.h"

namespace sockel::notification {

grpc::ServerUnaryReactor* InboxDoor::ListInboxItems(grpc::CallbackServerContext* ctx,
                                                    const v1::ListInboxItemsRequest* request,
                                                    v1::ListInboxItemsResponse* response) {
  return rpc_.Unary(ctx, request, response, inboxes_, &Inboxes::List);
}

grpc::ServerUnaryReactor* InboxDoor::GetInboxItem(grpc::CallbackServerContext* ctx,
                                                  const v1::GetInboxItemRequest* request,
                                                  v1::InboxItem* response) {
  return rpc_.Unary(ctx, request, response, inboxes_, &Inboxes::Get);
}

grpc::ServerUnaryReactor* InboxDoor::MarkInboxItemRead(grpc::CallbackServerContext* ctx,
                                                       const v1::MarkInboxItemReadRequest* request,
                                                       v1::InboxItem* response) {
  return rpc_.Unary(ctx, request, response, inboxes_, &Inboxes::MarkRead);
}

}  // namespace sockel::notification
