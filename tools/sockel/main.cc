#include <CLI/CLI.hpp>

#include <cstdlib>
#include <iostream>

#include "absl/time/time.h"
#include "common/log/log.h"
#include "tools/sockel/commands.h"
#include "tools/sockel/exit_code.h"

namespace sockel::cli {
namespace {

void AddGlobals(CLI::App& app, Globals& globals) {
  app.add_option("-p,--profile", globals.profile,
                 "Profile to use (default: $SOCKEL_PROFILE, or as set by `profiles use`)");
  app.add_option("--output", globals.output, "table, or json: protobuf JSON for scripts")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  app.add_option("-t,--tenant", globals.tenant,
                 "Tenant to work in (default: the one that is signed in)");
  app.add_option("--timeout", globals.timeout_seconds, "Longest wait for one answer, in seconds")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.fallthrough();  // they may also stand behind the command
}

void AddCommands(Commands& commands) {
  AddSignInCommands(commands);
  AddProfileCommands(commands);
  AddTenantCommands(commands);
  AddUserCommands(commands);
  AddServiceAccountCommands(commands);
  AddRoleCommands(commands);
  AddOfferingCommands(commands);
  AddOrderCommands(commands);
  AddFilePlanCommands(commands);
  AddDossierCommands(commands);
  AddDocumentCommands(commands);
  AddTemplateCommands(commands);
  AddNotificationCommands(commands);
  AddInboxCommands(commands);
  AddEventCommands(commands);
  AddAuditCommands(commands);
  AddEvidenceCommands(commands);
  AddCompletionCommands(commands);
}

int Main(int argc, char** argv) {
  CLI::App app("Sockel, the shared services of the administration, from the command line.",
               "sockel");
  app.footer(std::string("`sockel COMMAND --help` shows options and an example.\n") +
             kExitCodesHelp);
  // At most one: `efile` behind `audit verify` is a service, not the group.
  app.require_subcommand(0, 1);
  Globals globals;
  AddGlobals(app, globals);
  Session session(ProfileStore(ProfileStore::DefaultFolder()), globals);
  Commands commands(app, session);
  AddCommands(commands);
  try {
    app.parse(argc, argv);
    if (!commands.HasChosen()) throw CLI::RequiredError("a command");
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : static_cast<int>(ExitCode::kUsage);
  }
  const absl::Status status = commands.RunChosen();
  std::cout.flush();
  if (!status.ok()) {
    std::cerr << (session.json() ? ExplainJson(status) : Explain(status)) << "\n";
  }
  return static_cast<int>(ExitCodeFor(status));
}

}  // namespace
}  // namespace sockel::cli

int main(int argc, char** argv) {
  // What libraries log is not for who uses a command line.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  sockel::log::Default().SetLevel(sockel::log::Level::kError);
  return sockel::cli::Main(argc, argv);
}
