#include "common/rpc/runtime/service_runtime.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <pqxx/pqxx>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/auth/testing/fake_identity.h"
#include "common/events/events.h"
#include "common/ledger/ledger.h"
#include "common/log/log.h"
#include "common/rpc/runtime/health_probe.h"
#include "common/rpc/runtime/server_credentials.h"
#include "common/rpc/testing/in_process_server.h"
#include "common/rpc/testing/library.h"
#include "common/testing/test_database.h"

namespace sockel::rpc {
namespace {

using ::testing::HasSubstr;
using testing::LibraryService;
using ::testing::Not;

// A service of one door. It goes by the name of identity because that one
// verifies tokens itself.
class LibraryInstance final : public ServiceInstance {
 public:
  explicit LibraryInstance(ServiceContext& context) : door_(context.dispatcher(), library_) {}
  std::vector<grpc::Service*> services() override { return {&door_}; }

 private:
  testing::Library library_;
  testing::LibraryDoor door_;
};

absl::StatusOr<std::unique_ptr<ServiceInstance>> CreateLibrary(ServiceContext& context) {
  context.config().Section("library").String("shelf", "A", "Where the books stand");
  context.UseAuthenticator(std::make_unique<testing::TestAuthenticator>());
  return std::make_unique<LibraryInstance>(context);
}

// The same in a service that verifies tokens with what identity tells it.
absl::StatusOr<std::unique_ptr<ServiceInstance>> CreateFollowingLibrary(ServiceContext& context) {
  return std::make_unique<LibraryInstance>(context);
}

std::vector<pg::Migration> AllMigrations() {
  std::vector<pg::Migration> all = pg::CommonMigrations();
  for (const auto& part : {ledger::Migrations(), events::Migrations()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

// What is logged, here instead of on stderr. Made before the runtime, which ends
// first.
class LoggedLines {
 public:
  LoggedLines() : before_(log::Default()) {
    log::Default() = log::Logger(log::Level::kInfo, [this](std::string_view line) {
      absl::MutexLock lock(&mutex_);
      text_.append(line).append("\n");
    });
  }
  ~LoggedLines() { log::Default() = before_; }
  LoggedLines(const LoggedLines&) = delete;
  LoggedLines& operator=(const LoggedLines&) = delete;

  std::string text() const {
    absl::MutexLock lock(&mutex_);
    return text_;
  }

 private:
  const log::Logger before_;
  mutable absl::Mutex mutex_;
  std::string text_ ABSL_GUARDED_BY(mutex_);
};

class ServiceRuntimeTest : public ::testing::Test {
 protected:
  ServiceRuntimeTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "runtime.XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    Shell("openssl genpkey -algorithm ed25519 -out ledger.pem");
    std::ofstream(folder_ / "page.key") << std::string(44, 'k');
    spec_.name = "identity";
    spec_.migrations = AllMigrations();
    spec_.create = CreateLibrary;
  }
  ~ServiceRuntimeTest() override { std::filesystem::remove_all(folder_); }

  void Shell(const std::string& command) const {
    const std::string line = "cd " + folder_.string() + " && " + command + " 2>/dev/null";
    ASSERT_EQ(std::system(line.c_str()), 0) << command;
  }

  std::string Config(const std::string& conninfo, const std::string& more) const {
    return absl::StrCat("listen: 127.0.0.1:0\ndatabase: {conninfo: \"", conninfo,
                        "\"}\nledger: {signing_key_file: ", folder_.string(),
                        "/ledger.pem}\npage_token_key_file: ", folder_.string(),
                        "/page.key\nlog: {calls: false, level: warning}\n", more);
  }

  absl::StatusOr<std::unique_ptr<ServiceRuntime>> Started(const std::string& conninfo,
                                                          const std::string& more) const {
    auto config = config::Reader::Parse(Config(conninfo, more));
    if (!config.ok()) return config.status();
    auto runtime = ServiceRuntime::Create(spec_, *std::move(config));
    if (!runtime.ok()) return runtime.status();
    if (absl::Status status = (*runtime)->Start(); !status.ok()) return status;
    return runtime;
  }

  static absl::Status Probe(const ServiceRuntime& runtime) {
    Settings settings;
    settings.listen = absl::StrCat("127.0.0.1:", runtime.port());
    settings.tls.plaintext = true;
    return ProbeHealth(settings);
  }

  template <typename Condition>
  static bool Eventually(const Condition& condition) {
    const absl::Time end = absl::Now() + absl::Seconds(20);
    while (!condition()) {
      if (absl::Now() > end) return false;
      absl::SleepFor(absl::Milliseconds(5));
    }
    return true;
  }

  std::filesystem::path folder_;
  ServiceSpec spec_;
  sockel::testing::TestDatabase database_{AllMigrations()};
};

constexpr char kPlaintext[] = "tls: {plaintext: true}\n";

TEST_F(ServiceRuntimeTest, ServesOnceTheDatabaseIsThere) {
  auto runtime = Started(database_.conninfo(), kPlaintext);
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  EXPECT_TRUE(Eventually([&] { return Probe(**runtime).ok(); }));
  auto stub = LibraryService::NewStub(grpc::CreateChannel(
      absl::StrCat("127.0.0.1:", (*runtime)->port()), grpc::InsecureChannelCredentials()));
  auto context = testing::InProcessServer::Context("smi", {});
  testing::WhoAmIResponse response;
  EXPECT_TRUE(stub->WhoAmI(context.get(), {}, &response).ok());
  EXPECT_EQ(response.tenant(), "smi");
}

TEST_F(ServiceRuntimeTest, IsNotReadyAndNamesTheMigrationThatIsMissing) {
  LoggedLines logged;
  sockel::testing::TestDatabase behind(pg::CommonMigrations());
  auto runtime = Started(behind.conninfo(), kPlaintext);
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  const std::string missing =
      absl::StrCat("the database lacks the migration ", ledger::Migrations().front().id, ":");
  EXPECT_TRUE(Eventually([&] { return logged.text().find(missing) != std::string::npos; }))
      << logged.text();
  EXPECT_FALSE(Probe(**runtime).ok());
  ASSERT_TRUE(pg::Migrate(behind.owner_conninfo(), AllMigrations(),
                          sockel::testing::TestDatabase::kRuntimeRole)
                  .ok());
  EXPECT_TRUE(Eventually([&] { return Probe(**runtime).ok(); }));
}

TEST_F(ServiceRuntimeTest, StartsWithoutADatabaseButIsNotReady) {
  auto runtime = Started("host=/nowhere dbname=none user=nobody", kPlaintext);
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  EXPECT_FALSE(Probe(**runtime).ok());
}

TEST_F(ServiceRuntimeTest, StopsServingBeforeItStops) {
  auto runtime = Started(database_.conninfo(), kPlaintext);
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  ASSERT_TRUE(Eventually([&] { return Probe(**runtime).ok(); }));
  (*runtime)->Leave();
  EXPECT_EQ(Probe(**runtime).message(), "not serving");
  (*runtime)->Drain();
  (*runtime)->Stop();
  EXPECT_FALSE(Probe(**runtime).ok());
}

TEST_F(ServiceRuntimeTest, ShowsWhetherItIsReady) {
  sockel::testing::TestDatabase behind(pg::CommonMigrations());
  auto runtime = Started(behind.conninfo(), kPlaintext);
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  const auto shows = [&](int value) {
    const std::string line = absl::StrCat("sockel_ready{service=\"identity\"} ", value, "\n");
    return (*runtime)->metrics().Text().find(line) != std::string::npos;
  };
  EXPECT_TRUE(shows(0));
  ASSERT_TRUE(pg::Migrate(behind.owner_conninfo(), AllMigrations(),
                          sockel::testing::TestDatabase::kRuntimeRole)
                  .ok());
  EXPECT_TRUE(Eventually([&] { return shows(1); }));
  (*runtime)->Leave();
  EXPECT_TRUE(shows(0));
  (*runtime)->Drain();
  (*runtime)->Stop();
}

TEST_F(ServiceRuntimeTest, ReadsItsPasswordFileForEachConnection) {
  const std::filesystem::path password = folder_ / "password";
  std::ofstream(password) << "first\n";
  std::string config = Config(database_.conninfo(), kPlaintext);
  config.replace(config.find("\"}"), 2,
                 absl::StrCat("\", password_file: ", password.string(), "}"));
  auto runtime = ServiceRuntime::Create(spec_, *config::Reader::Parse(config));
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  std::filesystem::remove(password);
  const absl::Status started = (*runtime)->Start();
  ASSERT_TRUE(started.ok()) << started;
  EXPECT_FALSE((*runtime)->pool().Acquire().ok());
  std::ofstream(password) << "second\n";
  EXPECT_TRUE(Eventually([&] { return Probe(**runtime).ok(); }));
}

TEST_F(ServiceRuntimeTest, RefusesAPasswordInItsConfiguration) {
  for (const char* conninfo : {"host=db user=efile password=geheim", "host=db sslpassword = geheim",
                               "postgresql://efile:geheim@db/efile"}) {
    auto runtime = Started(conninfo, "");
    ASSERT_FALSE(runtime.ok()) << conninfo;
    const std::string said(runtime.status().message());
    EXPECT_THAT(said, HasSubstr("`database.conninfo` must be key=value pairs without a password"));
    EXPECT_THAT(said, Not(HasSubstr("geheim")));
  }
}

TEST_F(ServiceRuntimeTest, NamesUnknownAndMissingKeysTogether) {
  auto runtime = Started(database_.conninfo(), "library: {shef: B}\nworkers: many\n");
  ASSERT_FALSE(runtime.ok());
  EXPECT_THAT(std::string(runtime.status().message()), HasSubstr("`library.shef`"));
  EXPECT_THAT(std::string(runtime.status().message()), HasSubstr("`workers`"));
}

TEST_F(ServiceRuntimeTest, RefusesALogLevelThatItDoesNotKnow) {
  std::string config = Config(database_.conninfo(), kPlaintext);
  config.replace(config.find("level: warning"), 14, "level: loud");
  auto runtime = ServiceRuntime::Create(spec_, *config::Reader::Parse(config));
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  const absl::Status status = (*runtime)->Start();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("`log.level` must be debug, info, warning or error"));
}

TEST_F(ServiceRuntimeTest, DeletesRecordedAnswersThatAreTooOld) {
  pqxx::connection connection(database_.superuser_conninfo());
  pqxx::nontransaction sql(connection);
  sql.exec(
      "INSERT INTO idempotency_keys SELECT 'smi', age, gen_random_uuid(), 'm', ''::bytea, "
      "''::bytea, now() - age::interval FROM unnest('{26 hours,24 hours}'::text[]) AS age");
  auto runtime = Started(database_.conninfo(), kPlaintext);
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  const auto kept = [&] {
    const pqxx::result rows = sql.exec("SELECT string_agg(subject, ',') FROM idempotency_keys");
    return rows[0][0].as<std::string>();
  };
  EXPECT_TRUE(Eventually([&] { return kept() == "24 hours"; })) << kept();
}

TEST_F(ServiceRuntimeTest, RefusesPlaintextToOtherMachines) {
  for (const char* address : {"0.0.0.0:0", "[::]:0", "192.0.2.1:0"}) {
    EXPECT_FALSE(MakeServerCredentials({.plaintext = true}, address).ok()) << address;
  }
  EXPECT_TRUE(MakeServerCredentials({.plaintext_anywhere = true}, "0.0.0.0:0").ok());
}

TEST_F(ServiceRuntimeTest, RefusesAnAddressInUse) {
  auto first = Started(database_.conninfo(), kPlaintext);
  ASSERT_TRUE(first.ok());
  std::string config = Config(database_.conninfo(), kPlaintext);
  config.replace(config.find("127.0.0.1:0"), 11, absl::StrCat("127.0.0.1:", (*first)->port()));
  auto second = ServiceRuntime::Create(spec_, *config::Reader::Parse(config));
  ASSERT_TRUE(second.ok());
  EXPECT_EQ((*second)->Start().code(), absl::StatusCode::kUnavailable);
}

std::string HttpGet(int port, const std::string& path) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
  EXPECT_EQ(write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t n = 0; (n = read(fd, buffer, sizeof(buffer))) > 0;) {
    answer.append(buffer, static_cast<std::size_t>(n));
  }
  close(fd);
  return answer;
}

TEST_F(ServiceRuntimeTest, ShowsItsMetrics) {
  auto runtime =
      Started(database_.conninfo(), std::string(kPlaintext) + "metrics_listen: 127.0.0.1:0\n");
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  const std::string text = HttpGet((*runtime)->metrics_port(), "/metrics");
  EXPECT_THAT(text, HasSubstr("sockel_rpc_handled_total{"));
  EXPECT_THAT(text, HasSubstr("sockel_workers_queued{"));
  EXPECT_THAT(text, HasSubstr("sockel_pg_pool_open{service=\"identity\"}"));
}

TEST_F(ServiceRuntimeTest, ShowsHowOldItsKnowledgeOfRevocationsIs) {
  auth::FakeIdentity identity;
  identity.SetKeys({auth::Key::Generate().value()});
  spec_.name = "efile";
  spec_.create = CreateFollowingLibrary;
  auto runtime = Started(database_.conninfo(),
                         absl::StrCat(kPlaintext, "metrics_listen: 127.0.0.1:0\n",
                                      "identity: {target: \"", identity.address(), "\"}\n"));
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  EXPECT_TRUE(Eventually([&] { return Probe(**runtime).ok(); }));
  EXPECT_THAT(HttpGet((*runtime)->metrics_port(), "/metrics"),
              HasSubstr("sockel_auth_revocations_age_seconds{service=\"efile\"} "));
}

class TlsTest : public ServiceRuntimeTest {
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
