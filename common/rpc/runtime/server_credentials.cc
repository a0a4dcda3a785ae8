#include "common/rpc/runtime/server_credentials.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <ctime>

#include "absl/time/time.h"
#include "common/client/channel_factory.h"

namespace sockel::rpc {
namespace {

namespace ge = grpc::experimental;

constexpr unsigned kReloadSeconds = 1;
constexpr char kIdentity[] = "server";
constexpr char kRoot[] = "clients";

absl::Status CheckReadable(const char* key, const std::string& file) {
  if (file.empty()) {
    return absl::InvalidArgumentError(
        std::string("configuration: `tls.") + key +
        "` is missing (or say `tls.plaintext: true` on a loopback address)");
  }
  if (access(file.c_str(), R_OK) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError("configuration: `tls." + std::string(key) + "`: " + file +
                                    " cannot be read");
}

// Seconds since 1970. The file's first certificate is the server's own; those of
// its issuers follow.
double ExpiryOf(const std::string& certificate_file) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> file(BIO_new_file(certificate_file.c_str(), "r"),
                                                       &BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      file != nullptr ? PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr) : nullptr,
      &X509_free);
  std::tm expiry{};
  const bool known = certificate != nullptr &&
                     ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &expiry) == 1;
  ERR_clear_error();  // what failed here is nothing to whom this thread serves next
  if (!known) return 0;
  return static_cast<double>(absl::ToUnixSeconds(absl::FromTM(expiry, absl::UTCTimeZone())));
}

// Believes any certificate: used only to ask ourselves.
class BelieveAnyone final : public ge::ExternalCertificateVerifier {
 public:
  bool Verify(ge::TlsCustomVerificationCheckRequest* /*request*/,
              std::function<void(grpc::Status)> /*callback*/, grpc::Status* status) override {
    *status = grpc::Status::OK;
    return true;
  }
  void Cancel(ge::TlsCustomVerificationCheckRequest* /*request*/) override {}
};

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const TlsSettings& tls, const std::string& listen) {
  if (tls.plaintext || tls.plaintext_anywhere) {
    if (tls.plaintext_anywhere || client::IsLocalTarget(listen)) {
      return grpc::InsecureServerCredentials();
    }
    return absl::InvalidArgumentError(
        "configuration: `tls.plaintext` is only for loopback "
        "addresses and Unix sockets; `listen` is " +
        listen);
  }
  const bool mutual = !tls.client_ca_file.empty();
  for (const auto& [key, file] : {std::pair("certificate_file", &tls.certificate_file),
                                  std::pair("key_file", &tls.key_file)}) {
    if (absl::Status status = CheckReadable(key, *file); !status.ok()) return status;
  }
  if (mutual) {
    absl::Status status = CheckReadable("client_ca_file", tls.client_ca_file);
    if (!status.ok()) return status;
  }
  ge::TlsServerCredentialsOptions options(std::make_shared<ge::FileWatcherCertificateProvider>(
      tls.key_file, tls.certificate_file, tls.client_ca_file, kReloadSeconds));
  options.watch_identity_key_cert_pairs();
  options.set_identity_cert_name(kIdentity);
  if (mutual) {
    options.watch_root_certs();
    options.set_root_cert_name(kRoot);
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return ge::TlsServerCredentials(options);
}

void ShowCertificateExpiry(const TlsSettings& tls, metrics::Registry& metrics) {
  if (tls.plaintext || tls.plaintext_anywhere) return;
  metrics.ComputedGauge("sockel_tls_certificate_expiry_timestamp_seconds",
                        "When the server's certificate expires, as seconds since 1970; 0 when its "
                        "file holds none.",
                        {}, [file = tls.certificate_file] { return ExpiryOf(file); });
}

std::shared_ptr<grpc::ChannelCredentials> OwnChannelCredentials(const TlsSettings& tls) {
  if (tls.plaintext || tls.plaintext_anywhere) return grpc::InsecureChannelCredentials();
  ge::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(std::make_shared<ge::FileWatcherCertificateProvider>(
      tls.key_file, tls.certificate_file, tls.certificate_file, kReloadSeconds));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(false);
  options.set_check_call_host(false);
  options.set_certificate_verifier(ge::ExternalCertificateVerifier::Create<BelieveAnyone>());
  return ge::TlsCredentials(options);
}

}  // namespace sockel::rpc
