#include "services/notification/senders/sender_service.h"

namespace sockel::notification {

grpc::ServerUnaryReactor* SenderDoor::CreateSender(grpc::CallbackServerContext* ctx,
                                                   const v1::CreateSenderRequest* request,
                                                   v1::Sender* response) {
  return rpc_.Unary(ctx, request, response, senders_, &Senders::Create);
}

grpc::ServerUnaryReactor* SenderDoor::GetSender(grpc::CallbackServerContext* ctx,
                                                const v1::GetSenderRequest* request,
                                                v1::Sender* response) {
  return rpc_.Unary(ctx, request, response, senders_, &Senders::Get);
}

grpc::ServerUnaryReactor* SenderDoor::ListSenders(grpc::CallbackServerContext* ctx,
                                                  const v1::ListSendersRequest* request,
                                                  v1::ListSendersResponse* response) {
  return rpc_.Unary(ctx, request, response, senders_, &Senders::List);
}

}  // namespace sockel::notification
