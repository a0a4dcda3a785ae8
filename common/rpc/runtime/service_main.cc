#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "common/error/error.h"
#include "common/rpc/runtime.h"
#include "common/rpc/runtime/health_probe.h"
#include "common/rpc/runtime/process.h"
#include "common/rpc/runtime/service_runtime.h"

namespace sockel::rpc {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

// What the command line says.
struct Arguments {
  std::string config_file;
  std::string config_dir;
  bool several = false;  // services in this process: then config_dir
  std::vector<std::string> overrides;
  std::string port_file;
  bool print_config = false;
};

int ExitCode(const absl::Status& status) {
  if (status.ok()) return 0;
  const std::string text = error::LogMessageOf(status);
  std::fprintf(stderr, "%s\n", text.c_str());
  return status.code() == absl::StatusCode::kInvalidArgument ? kWrongUsage : kFailed;
}

absl::StatusOr<config::Reader> LoadConfig(const Arguments& arguments, const std::string& service) {
  if (arguments.several && arguments.config_dir.empty()) {
    return absl::InvalidArgumentError("--config-dir is required: a folder with <service>.yaml");
  }
  config::Sources sources;
  sources.environment = config::Environment();
  sources.overrides = arguments.overrides;
  sources.file = arguments.config_dir.empty() ? arguments.config_file
                                              : arguments.config_dir + "/" + service + ".yaml";
  return config::Reader::Load(sources);
}

std::string PortsAsJson(const std::vector<std::unique_ptr<ServiceRuntime>>& runtimes,
                        const std::vector<ServiceSpec>& specs) {
  nlohmann::json ports;
  for (std::size_t i = 0; i < runtimes.size(); ++i) {
    ports[specs[i].name] = {{"grpc", runtimes[i]->port()},
                            {"metrics", runtimes[i]->metrics_port()}};
  }
  return ports.dump() + "\n";
}

// One step for all before the next one for any: services of one process stay
// there for each other as long as possible.
void StopTogether(const std::vector<std::unique_ptr<ServiceRuntime>>& runtimes) {
  absl::Duration delay = absl::ZeroDuration();
  for (const auto& runtime : runtimes) {
    runtime->Leave();
    delay = std::max(delay, runtime->drain_delay());
  }
  absl::SleepFor(delay);
  for (const auto& runtime : runtimes) runtime->Drain();
  for (const auto& runtime : runtimes) runtime->Stop();
}

absl::Status Serve(const std::vector<ServiceSpec>& specs, const Arguments& arguments) {
  PrepareProcess();
  TakeOverLibraryLogs();
  std::vector<std::unique_ptr<ServiceRuntime>> runtimes;
  for (const ServiceSpec& spec : specs) {
    auto config = LoadConfig(arguments, spec.name);
    if (!config.ok()) return config.status();
    auto runtime = ServiceRuntime::Create(spec, *std::move(config));
    if (!runtime.ok()) return runtime.status();
    if (absl::Status status = (*runtime)->Start(); !status.ok()) return status;
    runtimes.push_back(*std::move(runtime));
  }
  if (!arguments.port_file.empty()) {
    absl::Status status = WriteFileAtomically(arguments.port_file, PortsAsJson(runtimes, specs));
    if (!status.ok()) return status;
  }
  WaitForStopSignal();
  StopTogether(runtimes);
  return absl::OkStatus();
}

absl::Status Migrate(const std::vector<ServiceSpec>& specs, const Arguments& arguments) {
  for (const ServiceSpec& spec : specs) {
    auto config = LoadConfig(arguments, spec.name);
    if (!config.ok()) return config.status();
    auto settings = ReadMigrationSettings(*config);
    if (!settings.ok()) return settings.status();
    auto applied = pg::Migrate(settings->owner_conninfo, spec.migrations, settings->runtime_role);
    if (!applied.ok()) return applied.status();
    for (const std::string& id : *applied) std::printf("applied %s\n", id.c_str());
    std::printf("%s: the database is up to date\n", spec.name.c_str());
  }
  return absl::OkStatus();
}

absl::Status Probe(const std::vector<ServiceSpec>& specs, const Arguments& arguments) {
  for (const ServiceSpec& spec : specs) {
    auto config = LoadConfig(arguments, spec.name);
    if (!config.ok()) return config.status();
    absl::Status status = ProbeHealth(ReadSettings(*std::move(config), spec.name));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status PrintConfig(const std::vector<ServiceSpec>& specs, const Arguments& arguments) {
  for (const ServiceSpec& spec : specs) {
    auto config = LoadConfig(arguments, spec.name);
    if (!config.ok()) return config.status();
    auto runtime = ServiceRuntime::Create(spec, *config);
    absl::Status status = runtime.ok() ? (*runtime)->Build() : config->Finish();
    std::printf("%s%s", specs.size() > 1 ? ("# " + spec.name + ".yaml\n").c_str() : "",
                config->Print().c_str());
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status RunCommand(const ServiceSpec& spec, const ServiceCommand& command,
                        const Arguments& arguments) {
  auto config = LoadConfig(arguments, spec.name);
  if (!config.ok()) return config.status();
  auto runtime = ServiceRuntime::Create(spec, *std::move(config));
  if (!runtime.ok()) return runtime.status();
  return command.run(**runtime);
}

void AddOptions(CLI::App& app, Arguments& arguments, bool several) {
  app.fallthrough();
  arguments.several = several;
  if (several) {
    app.add_option("--config-dir", arguments.config_dir, "Folder with <service>.yaml for each")
        ->check(CLI::ExistingDirectory);
  } else {
    app.add_option("--config", arguments.config_file, "Configuration file, YAML")
        ->check(CLI::ExistingFile);
  }
  app.add_option("--set", arguments.overrides, "Overrides one key: --set database.pool_size=16")
      ->allow_extra_args(false);
  app.add_flag("--print-config", arguments.print_config,
               "Prints what is in effect, with descriptions, and ends");
}

int Run(int argc, char** argv, const std::string& program, const std::vector<ServiceSpec>& specs) {
  Arguments arguments;
  absl::Status status;
  CLI::App app(program + ": a service of the Sockel suite");
  AddOptions(app, arguments, specs.size() > 1);
  app.require_subcommand(0, 1);
  const auto add = [&](const std::string& name, const std::string& help, auto&& run) {
    CLI::App* command = app.add_subcommand(name, help);
    command->callback([&status, &arguments, run] {
      if (!arguments.print_config) status = run(arguments);
    });
    return command;
  };
  add("serve", "Serves until SIGTERM or SIGINT", [&](const Arguments& a) {
    return Serve(specs, a);
  })->add_option("--port-file", arguments.port_file, "Gets the ports in use, as JSON");
  add("migrate", "Brings the database to this version's schema",
      [&](const Arguments& a) { return Migrate(specs, a); });
  add("health", "Asks the server of this configuration: exit code 0 = it serves",
      [&](const Arguments& a) { return Probe(specs, a); });
  add("version", "Prints the version", [&](const Arguments&) {
    std::printf("%s %s\n", program.c_str(), SOCKEL_VERSION);
    return absl::OkStatus();
  });
  for (const ServiceSpec& spec : specs) {
    for (const ServiceCommand& command : spec.commands) {
      CLI::App* sub = add(command.name, command.help,
                          [&](const Arguments& a) { return RunCommand(spec, command, a); });
      if (command.add_options) command.add_options(*sub);
    }
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : kWrongUsage;
  }
  if (arguments.print_config) return ExitCode(PrintConfig(specs, arguments));
  if (app.get_subcommands().empty()) {
    std::fputs(app.help().c_str(), stderr);
    return kWrongUsage;
  }
  return ExitCode(status);
}

}  // namespace

int ServiceMain(int argc, char** argv, const ServiceSpec& spec) {
  return Run(argc, argv, "sockel-" + spec.name, {spec});
}

int StandaloneMain(int argc, char** argv, const std::vector<ServiceSpec>& specs) {
  return Run(argc, argv, "sockel-standalone", specs);
}

}  // namespace sockel::rpc
