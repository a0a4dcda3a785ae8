#include "services/notification/messages/message_service.h"

namespace sockel::notification {

grpc::ServerUnaryReactor* MessageDoor::SendMessage(grpc::CallbackServerContext* ctx,
                                                   const v1::SendMessageRequest* request,
                                                   v1::Message* response) {
  return rpc_.Unary(ctx, request, response, messages_, &Messages::Send);
}

grpc::ServerUnaryReactor* MessageDoor::GetMessage(grpc::CallbackServerContext* ctx,
                                                  const v1::GetMessageRequest* request,
                                                  v1::Message* response) {
  return rpc_.Unary(ctx, request, response, messages_, &Messages::Get);
}

grpc::ServerUnaryReactor* MessageDoor::ListMessages(grpc::CallbackServerContext* ctx,
                                                    const v1::ListMessagesRequest* request,
                                                    v1::ListMessagesResponse* response) {
  return rpc_.Unary(ctx, request, response, messages_, &Messages::List);
}

grpc::ServerUnaryReactor* MessageDoor::ListDeliveries(grpc::CallbackServerContext* ctx,
                                                      const v1::ListDeliveriesRequest* request,
                                                      v1::ListDeliveriesResponse* response) {
  return rpc_.Unary(ctx, request, response, messages_, &Messages::ListDeliveries);
}

}  // namespace sockel::notification
