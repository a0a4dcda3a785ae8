#pragma once

#include "common/rpc/dispatcher.h"
#include "services/notification/messages/message.h"
#include "sockel/notification/v1/message.grpc.pb.h"

namespace sockel::notification {

class MessageDoor final : public v1::MessageService::CallbackService {
 public:
  MessageDoor(const rpc::Dispatcher& dispatcher, Messages& messages)
      : rpc_(dispatcher.For<v1::MessageService>()), messages_(messages) {}

  grpc::ServerUnaryReactor* SendMessage(grpc::CallbackServerContext* ctx,
                                        const v1::SendMessageRequest* request,
                                        v1::Message* response) override;
  grpc::ServerUnaryReactor* GetMessage(grpc::CallbackServerContext* ctx,
                                       const v1::GetMessageRequest* request,
                                       v1::Message* response) override;
  grpc::ServerUnaryReactor* ListMessages(grpc::CallbackServerContext* ctx,
                                         const v1::ListMessagesRequest* request,
                                         v1::ListMessagesResponse* response) override;
  grpc::ServerUnaryReactor* ListDeliveries(grpc::CallbackServerContext* ctx,
                                           const v1::ListDeliveriesRequest* request,
                                           v1::ListDeliveriesResponse* response) override;

 private:
  rpc::ServiceDispatcher rpc_;
  Messages& messages_;
};

}  // namespace sockel::notification
