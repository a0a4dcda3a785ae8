#pragma once

#include "common/rpc/dispatcher.h"
#include "services/identity/access/access.h"
#include "sockel/identity/v1/access.grpc.pb.h"

namespace sockel::identity {

class AccessServiceDoor final : public v1::AccessService::CallbackService {
 public:
  AccessServiceDoor(const rpc::Dispatcher& dispatcher, Access& access)
      : rpc_(dispatcher.For<v1::AccessService>()), access_(access) {}

  grpc::ServerUnaryReactor* WhoAmI(grpc::CallbackServerContext* ctx, const v1::WhoAmIRequest* req,
                                   v1::WhoAmIResponse* resp) override;
  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* ctx, const v1::CheckRequest* req,
                                  v1::CheckResponse* resp) override;

 private:
  rpc::ServiceDispatcher rpc_;
  Access& access_;
};

}  // namespace sockel::identity
