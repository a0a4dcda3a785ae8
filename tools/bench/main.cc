// sockel-bench: the suite's speed as a ratio to what the machine can do, measured in the same run.

#include <iostream>
#include <set>

#include <CLI/CLI.hpp>

#include "absl/strings/str_format.h"
#include "tools/bench/database_figures.h"
#include "tools/bench/echo.h"
#include "tools/bench/figure.h"
#include "tools/bench/load.h"
#include "tools/bench/suite_client.h"
#include "tools/bench/suite_figures.h"

namespace sockel::bench {
namespace {

// As many as the connections of a service's pool to its database.
constexpr int kConnections = 8;
constexpr size_t kChannels = 8;
constexpr size_t kConcurrency = 64;
constexpr int kDossiers = 1000;

const std::set<std::string> kNames = {"null_rpc", "pg_point_read", "pg_commit", "who_am_i",
                                      "get",      "create",        "overload"};

struct Options {
  SuiteOptions suite;
  std::string conninfo;
  double seconds = 5;
  std::vector<std::string> names;
};

std::string Latency(const Measured& measured) {
  return absl::StrFormat(
      "p50 %.2f ms, p99 %.2f ms%s%s", absl::ToDoubleMilliseconds(measured.p50),
      absl::ToDoubleMilliseconds(measured.p99),
      measured.refused_rate > 0 ? absl::StrFormat(", %.0f/s refused", measured.refused_rate) : "",
      measured.failed > 0 ? absl::StrFormat(", %.0f calls FAILED", measured.failed) : "");
}

// Measures the limits once, when a figure needs them.
class Bench {
 public:
  Bench(const Options& options, const EchoServer& echo)
      : options_(options), echo_(echo), time_(absl::Seconds(options.seconds)) {}

  int Run() {
    absl::StatusOr<BenchTenant> tenant = MakeTenant(options_.suite);
    if (!tenant.ok()) {
      std::cerr << "The suite does not let the bench in: " << tenant.status() << "\n";
      return 1;
    }
    tenant_ = *std::move(tenant);
    if (Wanted("null_rpc")) NullRpc();
    if (Wanted("pg_point_read")) PointRead();
    if (Wanted("pg_commit")) Commit();
    if (Wanted("who_am_i")) WhoAmI();
    if (Wanted("create")) Create();
    if (Wanted("get") || Wanted("overload")) {
      auto get = GetDossierCalls(options_.suite, tenant_, kChannels, kDossiers);
      if (!get.ok()) {
        std::cerr << "No dossiers to read: " << get.status() << "\n";
        return 1;
      }
      if (Wanted("get")) Get(*get);
      if (Wanted("overload")) Overload(*get);
    }
    PrintTable(figures_);
    return 0;
  }

 private:
  bool Wanted(const std::string& name) const {
    return options_.names.empty() ||
           std::find(options_.names.begin(), options_.names.end(), name) != options_.names.end();
  }

  void Add(Figure figure) {
    PrintJson(figure);
    figures_.push_back(std::move(figure));
  }

  double NullRpc() {
    if (null_rpc_ == 0) {
      const Measured measured =
          ClosedLoop(EchoCalls(echo_.target(), kChannels), kConcurrency, time_);
      null_rpc_ = measured.rate;
      Add({.name = "null_rpc", .value = null_rpc_, .unit = "calls/s", .note = Latency(measured)});
    }
    return null_rpc_;
  }

  double PointRead() {
    if (point_read_ == 0) {
      point_read_ = PointReads(options_.conninfo, kConnections, time_);
      Add({.name = "pg_point_read", .value = point_read_, .unit = "reads/s", .note = ""});
    }
    return point_read_;
  }

  double Commit() {
    if (commit_ == 0) {
      commit_ = Commits(options_.conninfo, kConnections, time_);
      Add({.name = "pg_commit", .value = commit_, .unit = "commits/s", .note = ""});
    }
    return commit_;
  }

  void WhoAmI() {
    const double limit = NullRpc();
    const Measured measured =
        ClosedLoop(WhoAmICalls(options_.suite, tenant_, kChannels), kConcurrency, time_);
    Add({.name = "who_am_i",
         .value = measured.rate,
         .unit = "calls/s",
         .limit = limit,
         .bar = 0.85,
         .note = Latency(measured)});
  }

  void Get(const StartCall& get) {
    const double limit = Combined(NullRpc(), PointRead());
    const Measured measured = ClosedLoop(get, kConcurrency, time_);
    Add({.name = "get",
         .value = measured.rate,
         .unit = "calls/s",
         .limit = limit,
         .bar = 0.60,
         .note = Latency(measured)});
  }

  void Create() {
    const double limit = Combined(NullRpc(), Commit());
    const Measured measured =
        ClosedLoop(CreateDossierCalls(options_.suite, tenant_, kChannels), kConcurrency, time_);
    Add({.name = "create",
         .value = measured.rate,
         .unit = "calls/s",
         .limit = limit,
         .bar = 0.50,
         .note = Latency(measured)});
  }

  // Four times what is sustainable, as callers that do not wait for each other.
  void Overload(const StartCall& get) {
    const Measured sustainable = ClosedLoop(get, kConcurrency, time_);
    const Measured half = OpenLoop(get, sustainable.rate / 2, 100'000, time_);
    const Measured over = OpenLoop(get, sustainable.rate * 4, 100'000, time_);
    Add({.name = "overload_accepted",
         .value = over.rate,
         .unit = "calls/s",
         .limit = sustainable.rate,
         .bar = 0.90,
         .note = absl::StrFormat("%.0f/s refused, %.0f failed", over.refused_rate, over.failed)});
    Add({.name = "overload_accepted_p99",
         .value = absl::ToDoubleMilliseconds(over.p99),
         .unit = "ms",
         .limit = absl::ToDoubleMilliseconds(half.p99),
         .bar = 3,
         .at_most = true,
         .note = "limit: p99 at half the sustainable load"});
    Add({.name = "overload_refused_p99",
         .value = absl::ToDoubleMilliseconds(over.refused_p99),
         .unit = "ms",
         .limit = 5,
         .bar = 1,
         .at_most = true,
         .note = "limit: 5 ms"});
  }

  const Options& options_;
  const EchoServer& echo_;
  const absl::Duration time_;
  BenchTenant tenant_;
  double null_rpc_ = 0;
  double point_read_ = 0;
  double commit_ = 0;
  std::vector<Figure> figures_;
};

}  // namespace
}  // namespace sockel::bench

int main(int argc, char** argv) {
  const sockel::bench::EchoServer echo;  // forks: before gRPC starts threads
  sockel::bench::Options options;
  CLI::App app("Measures a running suite; tools/dev bench starts one and calls this.");
  app.add_option("--identity", options.suite.identity, "identity's address")->required();
  app.add_option("--efile", options.suite.efile, "efile's address")->required();
  app.add_option("--provisioner-key", options.suite.provisioner_key_file,
                 "private JWK file of tenants/provider/serviceAccounts/catalog")
      ->required();
  app.add_option("--conninfo", options.conninfo,
                 "a database on the suite's PostgreSQL in which tables may be made")
      ->required();
  app.add_option("--seconds", options.seconds, "measuring time of each figure")
      ->check(CLI::Range(0.5, 600.0));
  app.add_option("names", options.names, "figures; default: all")
      ->check(CLI::IsMember(sockel::bench::kNames));
  CLI11_PARSE(app, argc, argv);
  return sockel::bench::Bench(options, echo).Run();
}
