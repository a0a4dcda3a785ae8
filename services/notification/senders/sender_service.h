#pragma once

#include "common/rpc/dispatcher.h"
#include "services/notification/senders/sender.h"
#include "sockel/notification/v1/sender.grpc.pb.h"

namespace sockel::notification {

class SenderDoor final : public v1::SenderService::CallbackService {
 public:
  SenderDoor(const rpc::Dispatcher& dispatcher, Senders& senders)
      : rpc_(dispatcher.For<v1::SenderService>()), senders_(senders) {}

  grpc::ServerUnaryReactor* CreateSender(grpc::CallbackServerContext* ctx,
                                         const v1::CreateSenderRequest* request,
                                         v1::Sender* response) override;
  grpc::ServerUnaryReactor* GetSender(grpc::CallbackServerContext* ctx,
                                      const v1::GetSenderRequest* request,
                                      v1::Sender* response) override;
  grpc::ServerUnaryReactor* ListSenders(grpc::CallbackServerContext* ctx,
                                        const v1::ListSendersRequest* request,
                                        v1::ListSendersResponse* response) override;

 private:
  rpc::ServiceDispatcher rpc_;
  Senders& senders_;
};

}  // namespace sockel::notification
