#include "services/identity/access/access_service.h"

namespace sockel::identity {

grpc::ServerUnaryReactor* AccessServiceDoor::WhoAmI(grpc::CallbackServerContext* ctx,
                                                    const v1::WhoAmIRequest* req,
                                                    v1::WhoAmIResponse* resp) {
  return rpc_.UnaryInline(ctx, req, resp, access_, &Access::WhoAmI);
}

grpc::ServerUnaryReactor* AccessServiceDoor::Check(grpc::CallbackServerContext* ctx,
                                                   const v1::CheckRequest* req,
                                                   v1::CheckResponse* resp) {
  return rpc_.Unary(ctx, req, resp, access_, &Access::Check);
}

}  // namespace sockel::identity
