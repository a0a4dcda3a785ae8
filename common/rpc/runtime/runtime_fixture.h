#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/events/events.h"
#include "common/ledger/ledger.h"
#include "common/rpc/runtime/health_probe.h"
#include "common/rpc/runtime/service_runtime.h"
#include "common/rpc/testing/in_process_server.h"
#include "common/rpc/testing/library.h"
#include "common/testing/test_database.h"

// What the tests of the runtime share: a service of one door, its configuration
// and its database.
namespace sockel::rpc {

// A service of one door. It goes by the name of identity because that one
// verifies tokens itself.
class LibraryInstance : public ServiceInstance {
 public:
  explicit LibraryInstance(ServiceContext& context) : door_(context.dispatcher(), library_) {}
  std::vector<grpc::Service*> services() override { return {&door_}; }

 private:
  testing::Library library_;
  testing::LibraryDoor door_;
};

inline absl::StatusOr<std::unique_ptr<ServiceInstance>> CreateLibrary(ServiceContext& context) {
  context.config().Section("library").String("shelf", "A", "Where the books stand");
  context.UseAuthenticator(std::make_unique<testing::TestAuthenticator>());
  return std::make_unique<LibraryInstance>(context);
}

inline std::vector<pg::Migration> AllMigrations() {
  std::vector<pg::Migration> all = pg::CommonMigrations();
  for (const auto& part : {ledger::Migrations(), events::Migrations()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

class RuntimeFixture : public ::testing::Test {
 protected:
  RuntimeFixture() {
    std::string pattern = (std::filesystem::temp_directory_path() / "runtime.XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    Shell("openssl genpkey -algorithm ed25519 -out ledger.pem");
    std::ofstream(folder_ / "page.key") << std::string(44, 'k');
    spec_.name = "identity";
    spec_.migrations = AllMigrations();
    spec_.create = CreateLibrary;
  }
  ~RuntimeFixture() override { std::filesystem::remove_all(folder_); }

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

inline constexpr char kPlaintext[] = "tls: {plaintext: true}\n";

}  // namespace sockel::rpc
