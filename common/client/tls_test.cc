#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "common/client/call.h"
#include "common/client/channel_factory.h"
#include "common/client/testing/certificates.h"
#include "common/client/testing/recording_server.h"

namespace sockel::client {
namespace {

using identity::v1::AuthenticationService;

// A server that demands a certificate of our CA.
class TlsTest : public ::testing::Test {
 protected:
  TlsTest() {
    grpc::SslServerCredentialsOptions options(
        GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    options.pem_root_certs = ca_.CertificatePem();
    options.pem_key_cert_pairs.push_back({server_.KeyPem(), server_.CertificatePem()});
    recorder_ =
        std::make_unique<RecordingServer>("127.0.0.1:0", grpc::SslServerCredentials(options));
  }

  static std::string File(const std::string& name, const std::string& text) {
    const std::string path = absl::StrCat(::testing::TempDir(), "sockel_tls_", getpid(), "_", name);
    std::ofstream(path) << text;
    return path;
  }
  // Replaces a file at once, as what renews certificates does.
  static void Replace(const std::string& path, const std::string& text) {
    std::ofstream(path + ".new") << text;
    std::filesystem::rename(path + ".new", path);
  }
  std::unique_ptr<AuthenticationService::Stub> Connect(const TlsFiles& files) {
    ChannelOptions options;
    options.tls = files;
    const auto factory = ChannelFactory::Create(options, FixedToken("t")).value();
    return AuthenticationService::NewStub(factory.Connect(recorder_->address(), {}).value());
  }
  static absl::Status Call(AuthenticationService::Stub& stub) {
    CallOptions call;
    call.timeout = absl::Seconds(5);
    return Unary(stub, &AuthenticationService::Stub::GetJwks, identity::v1::GetJwksRequest(), call)
        .status();
  }
  absl::Status Call(const TlsFiles& files) { return Call(*Connect(files)); }
  // Whether a call on this channel succeeds within 20 s.
  static bool Reaches(AuthenticationService::Stub& stub) {
    const absl::Time end = absl::Now() + absl::Seconds(20);
    while (!Call(stub).ok()) {
      if (absl::Now() > end) return false;
      absl::SleepFor(absl::Milliseconds(5));
    }
    return true;
  }
  TlsFiles Files(const Certificate& ca, const Certificate& client) {
    return {File("ca.pem", ca.CertificatePem()), File("client.pem", client.CertificatePem()),
            File("client.key", client.KeyPem()), ""};
  }

  const Certificate ca_{"our CA"};
  const Certificate server_{"server", &ca_};
  const Certificate client_{"client", &ca_};
  std::unique_ptr<RecordingServer> recorder_;
};

TEST_F(TlsTest, ShowsItsCertificateAndSendsTheToken) {
  EXPECT_TRUE(Call(Files(ca_, client_)).ok());
  EXPECT_EQ(recorder_->last("authorization"), "Bearer t");
}

TEST_F(TlsTest, IsRefusedWithoutACertificate) {
  TlsFiles files = Files(ca_, client_);
  files.certificate_file.clear();
  files.key_file.clear();
  EXPECT_FALSE(Call(files).ok());
}

TEST_F(TlsTest, DoesNotBelieveAServerOfAnotherCa) {
  const Certificate other("another CA");
  EXPECT_FALSE(Call(Files(other, client_)).ok());
  EXPECT_TRUE(recorder_->calls().empty());
}

TEST_F(TlsTest, ExpectsTheNameItWasTold) {
  TlsFiles files = Files(ca_, client_);
  files.server_name = "localhost";
  EXPECT_TRUE(Call(files).ok());
  files.server_name = "efile.example";
  EXPECT_FALSE(Call(files).ok());
}

TEST_F(TlsTest, BelievesANewCaWithoutARestart) {
  const Certificate other("another CA");
  TlsFiles files = Files(other, client_);
  files.refresh_seconds = 1;
  const auto stub = Connect(files);
  ASSERT_FALSE(Call(*stub).ok());
  Replace(files.ca_file, ca_.CertificatePem());
  EXPECT_TRUE(Reaches(*stub));
}

TEST_F(TlsTest, ShowsANewCertificateWithoutARestart) {
  const Certificate other("another CA");
  const Certificate stranger("client", &other);
  TlsFiles files = Files(ca_, stranger);
  files.refresh_seconds = 1;
  const auto stub = Connect(files);
  ASSERT_FALSE(Call(*stub).ok());
  Replace(files.key_file, client_.KeyPem());
  Replace(files.certificate_file, client_.CertificatePem());
  EXPECT_TRUE(Reaches(*stub));
}

TEST_F(TlsTest, WantsCertificateAndKeyTogether) {
  TlsFiles files = Files(ca_, client_);
  files.key_file.clear();
  ChannelOptions options;
  options.tls = files;
  EXPECT_EQ(ChannelFactory::Create(options, nullptr).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sockel::client
