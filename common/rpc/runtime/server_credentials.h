#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/metrics/metrics.h"
#include "common/rpc/runtime/settings.h"

namespace sockel::rpc {

// TLS (mutual with client_ca_file) from files that are read again within
// seconds when they change, or plaintext where that is allowed.
// INVALID_ARGUMENT says what is missing, unreadable or not allowed.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const TlsSettings& tls, const std::string& listen);

// Gauge sockel_tls_certificate_expiry_timestamp_seconds: when the certificate in
// the server's file expires, looked up when Prometheus asks, as the file may be
// replaced; 0 when it holds none. Where there is no TLS, there is no gauge.
void ShowCertificateExpiry(const TlsSettings& tls, metrics::Registry& metrics);

// For `health`: believes whoever answers at our own address, and shows our own
// certificate where one is demanded.
std::shared_ptr<grpc::ChannelCredentials> OwnChannelCredentials(const TlsSettings& tls);

}  // namespace sockel::rpc
