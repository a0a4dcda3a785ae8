#include <gmock/gmock.h>

#include "common/rpc/runtime/runtime_fixture.h"
#include "common/rpc/runtime/server_credentials.h"

namespace sockel::rpc {
namespace {

using ::testing::HasSubstr;
using testing::LibraryService;

class TlsTest : public RuntimeFixture {
 protected:
  TlsTest() {
    Authority("ca");
    Certificate("ca", "server");
  }

  void Authority(const std::string& name) const {
    Shell(
        absl::StrCat("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
                     "-subj /CN=",
                     name, " -keyout ", name, ".key -out ", name, ".crt"));
  }

  void Certificate(const std::string& authority, const std::string& name, int days = 2) const {
    Shell(absl::StrCat("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=",
                       name, " -keyout ", name, ".key -out ", name,
                       ".csr && printf 'subjectAltName=DNS:localhost' > san && openssl x509 -req "
                       "-CAcreateserial -extfile san -days ",
                       days, " -in ", name, ".csr -CA ", authority, ".crt -CAkey ", authority,
                       ".key -out ", name, ".new && mv ", name, ".new ", name, ".crt"));
  }

  std::string Read(const std::string& name) const {
    std::ifstream file(folder_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string Tls(const std::string& more = "") const {
    return absl::StrCat("tls: {certificate_file: ", folder_.string(),
                        "/server.crt, key_file: ", folder_.string(), "/server.key", more, "}\n");
  }

  // Whether a client that believes `authority`, and shows `client`'s
  // certificate if named, reaches the server.
  bool Reaches(const ServiceRuntime& runtime, const std::string& authority,
               const std::string& client = "") const {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = Read(authority + ".crt");
    if (!client.empty()) {
      options.pem_private_key = Read(client + ".key");
      options.pem_cert_chain = Read(client + ".crt");
    }
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    auto stub = LibraryService::NewStub(grpc::CreateCustomChannel(
        absl::StrCat("localhost:", runtime.port()), grpc::SslCredentials(options), arguments));
    auto context = testing::InProcessServer::Context("smi", {});
    testing::WhoAmIResponse response;
    return stub->WhoAmI(context.get(), {}, &response).ok();
  }
};

TEST_F(TlsTest, ShowsItsCertificate) {
  auto runtime = Started(database_.conninfo(), Tls());
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  EXPECT_TRUE(Reaches(**runtime, "ca"));
  Authority("stranger");
  EXPECT_FALSE(Reaches(**runtime, "stranger"));
}

TEST_F(TlsTest, TakesANewCertificateWithoutARestart) {
  auto runtime = Started(database_.conninfo(), Tls());
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  ASSERT_TRUE(Reaches(**runtime, "ca"));
  Authority("next");
  Certificate("next", "server");
  EXPECT_TRUE(Eventually([&] { return Reaches(**runtime, "next"); }));
}

// In days from now; a negative number when nothing is shown of it.
double ShownExpiry(const metrics::Registry& metrics, const std::string& labels) {
  const std::string text = metrics.Text();
  const std::string series = "\nsockel_tls_certificate_expiry_timestamp_seconds" + labels + " ";
  const std::size_t at = text.find(series);
  if (at == std::string::npos) return -1;
  const double seconds = std::stod(text.substr(at + series.size()));
  return (seconds - static_cast<double>(absl::ToUnixSeconds(absl::Now()))) / (24 * 3600);
}

TEST_F(TlsTest, ShowsWhenItsCertificateExpires) {
  auto runtime = Started(database_.conninfo(), Tls());
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  const std::string labels = "{service=\"identity\"}";
  EXPECT_NEAR(ShownExpiry((*runtime)->metrics(), labels), 2, 0.1);
  Certificate("ca", "server", 30);
  EXPECT_NEAR(ShownExpiry((*runtime)->metrics(), labels), 30, 0.1);
}

TEST_F(TlsTest, AFileWithoutACertificateExpiredLongAgo) {
  metrics::Registry registry;
  TlsSettings tls;
  tls.certificate_file = (folder_ / "server.key").string();
  ShowCertificateExpiry(tls, registry);
  EXPECT_THAT(registry.Text(), HasSubstr("\nsockel_tls_certificate_expiry_timestamp_seconds 0\n"));
}

TEST_F(TlsTest, WithoutTlsNoCertificateExpires) {
  metrics::Registry registry;
  ShowCertificateExpiry({.plaintext = true}, registry);
  ShowCertificateExpiry({.plaintext_anywhere = true}, registry);
  EXPECT_EQ(registry.Text(), "");
}

TEST_F(TlsTest, DemandsACertificateOfTheClientsAuthority) {
  Authority("clients");
  Certificate("clients", "efile");
  auto runtime =
      Started(database_.conninfo(), Tls(", client_ca_file: " + (folder_ / "clients.crt").string()));
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  EXPECT_TRUE(Reaches(**runtime, "ca", "efile"));
  EXPECT_FALSE(Reaches(**runtime, "ca"));
  EXPECT_FALSE(Reaches(**runtime, "ca", "server"));
}

TEST_F(TlsTest, TakesANewAuthorityOfTheClientsWithoutARestart) {
  Authority("clients");
  Certificate("clients", "efile");
  auto runtime =
      Started(database_.conninfo(), Tls(", client_ca_file: " + (folder_ / "clients.crt").string()));
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  ASSERT_TRUE(Reaches(**runtime, "ca", "efile"));
  Authority("next");
  Certificate("next", "notification");
  ASSERT_FALSE(Reaches(**runtime, "ca", "notification"));
  Shell("mv next.crt clients.crt");
  EXPECT_TRUE(Eventually([&] { return Reaches(**runtime, "ca", "notification"); }));
  EXPECT_FALSE(Reaches(**runtime, "ca", "efile"));
}

TEST_F(TlsTest, ProbesItselfThroughTls) {
  auto runtime = Started(database_.conninfo(), Tls());
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  Settings settings;
  settings.listen = absl::StrCat("127.0.0.1:", (*runtime)->port());
  settings.tls.certificate_file = (folder_ / "server.crt").string();
  settings.tls.key_file = (folder_ / "server.key").string();
  EXPECT_TRUE(Eventually([&] { return ProbeHealth(settings).ok(); }));
}

}  // namespace
}  // namespace sockel::rpc
