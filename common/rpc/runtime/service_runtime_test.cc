#include "common/rpc/runtime/service_runtime.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <pqxx/pqxx>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/auth/testing/fake_identity.h"
#include "common/log/log.h"
#include "common/rpc/runtime/runtime_fixture.h"
#include "common/rpc/runtime/server_credentials.h"

namespace sockel::rpc {
namespace {

using ::testing::HasSubstr;
using testing::LibraryService;
using ::testing::Not;

// The same in a service that verifies tokens with what identity tells it.
absl::StatusOr<std::unique_ptr<ServiceInstance>> CreateFollowingLibrary(ServiceContext& context) {
  return std::make_unique<LibraryInstance>(context);
}

// One that cannot serve while its shelf is empty.
std::atomic<bool> shelf_is_empty{false};

class ReluctantLibrary final : public LibraryInstance {
 public:
  using LibraryInstance::LibraryInstance;
  absl::Status CheckReady() override {
    return shelf_is_empty ? absl::UnavailableError("the shelf is empty") : absl::OkStatus();
  }
};

absl::StatusOr<std::unique_ptr<ServiceInstance>> CreateReluctantLibrary(ServiceContext& context) {
  context.UseAuthenticator(std::make_unique<testing::TestAuthenticator>());
  return std::make_unique<ReluctantLibrary>(context);
}

// One that can never serve.
class BrokenLibrary final : public LibraryInstance {
 public:
  using LibraryInstance::LibraryInstance;
  absl::Status CheckReady() override {
    return absl::FailedPreconditionError("the library burned down");
  }
};

absl::StatusOr<std::unique_ptr<ServiceInstance>> CreateBrokenLibrary(ServiceContext& context) {
  context.UseAuthenticator(std::make_unique<testing::TestAuthenticator>());
  return std::make_unique<BrokenLibrary>(context);
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

using ServiceRuntimeTest = RuntimeFixture;

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

TEST_F(ServiceRuntimeTest, IsNotReadyWhileTheServiceSaysSoAndSaysWhy) {
  LoggedLines logged;
  spec_.create = CreateReluctantLibrary;
  shelf_is_empty = true;
  auto runtime = Started(database_.conninfo(), kPlaintext);
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  EXPECT_TRUE(
      Eventually([&] { return logged.text().find("the shelf is empty") != std::string::npos; }));
  EXPECT_FALSE(Probe(**runtime).ok());
  shelf_is_empty = false;
  EXPECT_TRUE(Eventually([&] { return Probe(**runtime).ok(); }));
}

TEST_F(ServiceRuntimeTest, DoesNotStartWhereWaitingWouldNotHelp) {
  spec_.create = CreateBrokenLibrary;
  auto runtime = ServiceRuntime::Create(
      spec_, *config::Reader::Parse(Config(database_.conninfo(), kPlaintext)));
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  const absl::Status started = (*runtime)->Start();
  EXPECT_EQ(started, absl::FailedPreconditionError("the library burned down"));
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
  LoggedLines logged;
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
  EXPECT_TRUE(Eventually([&] {
    return logged.text().find("the database does not answer") != std::string::npos;
  })) << logged.text();
  std::ofstream(password) << "second\n";
  EXPECT_TRUE(Eventually([&] { return Probe(**runtime).ok(); }));
}

TEST_F(ServiceRuntimeTest, WarnsOfADatabaseWhoseLogWouldHoldStatements) {
  constexpr char kWarning[] = "the database's log would hold personal data";
  pqxx::connection connection(database_.superuser_conninfo());
  pqxx::nontransaction sql(connection);
  const auto set = [&](const std::string& setting) {
    sql.exec("ALTER DATABASE " + sql.quote_name(database_.name()) + " SET " + setting);
  };
  set("log_error_verbosity = 'terse'");
  set("log_min_duration_statement = -1");
  set("log_min_error_statement = 'error'");
  {
    LoggedLines logged;
    auto runtime = Started(database_.conninfo(), kPlaintext);
    ASSERT_TRUE(runtime.ok()) << runtime.status();
    EXPECT_THAT(logged.text(), HasSubstr(kWarning));
    EXPECT_THAT(logged.text(), HasSubstr("\"settings\":\"log_min_error_statement=error\""));
  }
  set("log_min_error_statement = 'panic'");
  LoggedLines logged;
  auto runtime = Started(database_.conninfo(), kPlaintext);
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  EXPECT_TRUE(Eventually([&] { return Probe(**runtime).ok(); }));
  EXPECT_THAT(logged.text(), Not(HasSubstr(kWarning)));
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

}  // namespace
}  // namespace sockel::rpc
