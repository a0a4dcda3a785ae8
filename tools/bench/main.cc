// sockel-bench: the suite's speed as a ratio to what the machine can do, measured in the same run.

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

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
constexpr int kRounds = 5;

const std::set<std::string> kNames = {"bare_rpc", "null_rpc", "pg_point_read", "pg_commit",
                                      "who_am_i", "get",      "create",        "overload"};

struct Options {
  SuiteOptions suite;
  std::string conninfo;
  double seconds = 5;
  std::vector<std::string> names;
};

// One thing that is measured again and again, in turns with the others: a
// machine that is slower for a while is slower for all of them, and ratios stay
// true.
class Series {
 public:
  explicit Series(std::function<Measured()> measure) : measure_(std::move(measure)) {}

  void Measure() { rounds_.push_back(measure_()); }

  double rate() const {
    double sum = 0;
    for (const Measured& round : rounds_) sum += round.rate;
    return sum / static_cast<double>(rounds_.size());
  }

  // Medians of the rounds.
  std::string Latency() const {
    double refused = 0;
    double failed = 0;
    for (const Measured& round : rounds_) {
      refused += round.refused_rate / static_cast<double>(rounds_.size());
      failed += round.failed;
    }
    return absl::StrFormat("p50 %.2f ms, p99 %.2f ms%s%s", Median(&Measured::p50),
                           Median(&Measured::p99),
                           refused > 0 ? absl::StrFormat(", %.0f/s refused", refused) : "",
                           failed > 0 ? absl::StrFormat(", %.0f calls FAILED", failed) : "");
  }

 private:
  double Median(absl::Duration Measured::*value) const {
    std::vector<double> values;
    for (const Measured& round : rounds_) {
      values.push_back(absl::ToDoubleMilliseconds(round.*value));
    }
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  }

  std::function<Measured()> measure_;
  std::vector<Measured> rounds_;
};

class Bench {
 public:
  Bench(const Options& options, const EchoServer& echo)
      : options_(options), echo_(echo), time_(absl::Seconds(options.seconds)) {}

  int Run() {
    absl::Status status = Prepare();
    if (!status.ok()) {
      std::cerr << "The suite does not let the bench in: " << status << "\n";
      return 1;
    }
    // There and back, so that none always follows the same other one.
    for (int round = 0; round < kRounds; ++round) {
      if (round % 2 == 0) {
        for (auto& [name, series] : series_) series.Measure();
      } else {
        std::for_each(series_.rbegin(), series_.rend(), [](auto& s) { s.second.Measure(); });
      }
    }
    for (const char* limit : {"bare_rpc", "null_rpc", "pg_point_read", "pg_commit"})
      AddLimit(limit);
    AddRatio("who_am_i", 0.85, {"null_rpc"});
    AddRatio("get", 0.60, {"null_rpc", "pg_point_read"});
    AddRatio("create", 0.50, {"null_rpc", "pg_commit"});
    if (Wanted("overload")) Overload();
    PrintTable(figures_);
    return 0;
  }

 private:
  bool Wanted(const std::string& name) const {
    return options_.names.empty() ||
           std::find(options_.names.begin(), options_.names.end(), name) != options_.names.end();
  }

  bool AnyWanted(std::initializer_list<const char*> names) const {
    return std::any_of(names.begin(), names.end(), [this](const char* n) { return Wanted(n); });
  }

  // What is wanted, and the limits that it needs.
  absl::Status Prepare() {
    absl::StatusOr<BenchTenant> tenant = MakeTenant(options_.suite);
    if (!tenant.ok()) return tenant.status();
    const absl::Duration slice = time_ / kRounds;
    const auto calls = [this, slice](const std::string& name, StartCall call) {
      series_.emplace(
          name, [call = std::move(call), slice] { return ClosedLoop(call, kConcurrency, slice); });
    };
    const auto database = [this, slice](const std::string& name, auto measure) {
      series_.emplace(name, [this, measure, slice] {
        return Measured{.rate = measure(options_.conninfo, kConnections, slice)};
      });
    };
    if (Wanted("bare_rpc")) calls("bare_rpc", BareEchoCalls(echo_.target(), kChannels));
    if (AnyWanted({"null_rpc", "who_am_i", "get", "create"})) {
      calls("null_rpc", EchoCalls(echo_.target(), *tenant, kChannels));
    }
    if (AnyWanted({"pg_point_read", "get"})) database("pg_point_read", &PointReads);
    if (AnyWanted({"pg_commit", "create"})) database("pg_commit", &Commits);
    if (Wanted("who_am_i")) calls("who_am_i", WhoAmICalls(options_.suite, *tenant, kChannels));
    if (Wanted("create")) calls("create", CreateDossierCalls(options_.suite, *tenant, kChannels));
    if (!AnyWanted({"get", "overload"})) return absl::OkStatus();
    absl::StatusOr<StartCall> get = GetDossierCalls(options_.suite, *tenant, kChannels, kDossiers);
    if (!get.ok()) return get.status();
    get_ = *std::move(get);
    if (Wanted("get")) calls("get", get_);
    return absl::OkStatus();
  }

  void Add(Figure figure) {
    PrintJson(figure);
    figures_.push_back(std::move(figure));
  }

  void AddLimit(const std::string& name) {
    const auto found = series_.find(name);
    if (found == series_.end()) return;
    const bool rpc = name != "pg_point_read" && name != "pg_commit";
    Add({.name = name,
         .value = found->second.rate(),
         .unit = rpc ? "calls/s" : "/s",
         .note = rpc ? found->second.Latency() : ""});
  }

  // Against what the machine can do: the limits, one after the other.
  void AddRatio(const std::string& name, double bar, std::initializer_list<const char*> limits) {
    const auto found = series_.find(name);
    if (found == series_.end()) return;
    double seconds = 0;
    for (const char* limit : limits) seconds += 1 / series_.at(limit).rate();
    Add({.name = name,
         .value = found->second.rate(),
         .unit = "calls/s",
         .limit = 1 / seconds,
         .bar = bar,
         .note = found->second.Latency()});
  }

  // Four times what is sustainable, as callers that do not wait for each other.
  void Overload() {
    const Measured sustainable = ClosedLoop(get_, kConcurrency, time_);
    const Measured half = OpenLoop(get_, sustainable.rate / 2, 100'000, time_);
    const Measured over = OpenLoop(get_, sustainable.rate * 4, 100'000, time_);
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
  StartCall get_;
  std::map<std::string, Series> series_;
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
  app.add_option("--seconds", options.seconds, "measuring time of each figure, in five parts")
      ->check(CLI::Range(2.5, 60.0));
  app.add_option("names", options.names, "figures; default: all")
      ->check(CLI::IsMember(sockel::bench::kNames));
  CLI11_PARSE(app, argc, argv);
  return sockel::bench::Bench(options, echo).Run();
}
