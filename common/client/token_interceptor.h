#pragma once

#include <memory>

#include "common/client/credentials.h"
#include "grpcpp/support/client_interceptor.h"

namespace sockel::client {

// Puts `authorization: Bearer …` on every call that has none yet, waiting for
// the token without a thread. A call that gets no token ends with the reason,
// unsent. An interceptor and not gRPC's call credentials, because those refuse
// plaintext to the own machine.
std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface> TokenInterceptorFactory(
    std::shared_ptr<TokenSource> tokens);

}  // namespace sockel::client
