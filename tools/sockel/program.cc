#include "tools/sockel/program.h"

#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>
#include <string>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/text/text.h"
#include "tools/sockel/commands.h"
#include "tools/sockel/exit_code.h"

namespace sockel::cli {
namespace {

constexpr double kLongestTimeout = 86'400;  // a day

// What is wrong with it; empty for nothing. CLI::PositiveNumber takes nan, and
// tells the largest number there is.
std::string CheckTimeout(const std::string& text) {
  double seconds = 0;
  // In this order, as nan is neither above nor below anything.
  if (absl::SimpleAtod(text, &seconds) && seconds > 0 && seconds <= kLongestTimeout) return "";
  return absl::StrCat("must be a number of seconds above 0, at most ", kLongestTimeout, ", not ",
                      text);
}

void AddGlobals(CLI::App& app, Globals& globals) {
  app.add_option("-p,--profile", globals.profile,
                 "Profile to use (default: $SOCKEL_PROFILE, or as set by `profiles use`)");
  app.add_option("--output", globals.output, "table, or json: protobuf JSON for scripts")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  app.add_option("-t,--tenant", globals.tenant,
                 "Tenant to work in (default: the one that is signed in)");
  app.add_option("--timeout", globals.timeout_seconds, "Longest wait for one answer, in seconds")
      ->check(CheckTimeout)
      ->capture_default_str();
  app.fallthrough();  // they may also stand behind the command
}

// Read by hand: of a line that the parser refuses it need not have read all.
bool WantsJson(int argc, const char* const* argv) {
  bool json = false;
  for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--output" && i + 1 < argc) json = std::string_view(argv[i + 1]) == "json";
    if (argument == "--output=json") json = true;
  }
  return json;
}

// A file may be called anything.
bool NamesAFile(const CLI::Option& option) {
  const std::string& name = option.get_single_name();
  return name == "path" || name == "out" || name == "bundle" || name == "file" ||
         absl::EndsWith(name, "-file");
}

// What else is given becomes part of a message, and those hold text only.
absl::Status CheckText(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options()) {
    if (NamesAFile(*option)) continue;
    for (const std::string& value : option->results()) {
      if (text::IsUtf8(value)) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("what was given for ", option->get_name(), " is no text (UTF-8)"));
    }
  }
  for (const CLI::App* inner : command.get_subcommands()) {
    if (absl::Status checked = CheckText(*inner); !checked.ok()) return checked;
  }
  return absl::OkStatus();
}

int Report(const absl::Status& status, bool json) {
  if (!status.ok()) std::cerr << (json ? ExplainJson(status) : Explain(status)) << "\n";
  return static_cast<int>(ExitCodeFor(status));
}

// The exit code of a line that was not understood, or that asked for help.
int Refuse(const CLI::App& app, const CLI::ParseError& refusal, bool json) {
  const bool asked_for_help = refusal.get_exit_code() == 0;
  if (asked_for_help || !json) {
    app.exit(refusal);
  } else {
    Report(absl::InvalidArgumentError(refusal.what()), json);
  }
  return static_cast<int>(asked_for_help ? ExitCode::kOk : ExitCode::kUsage);
}

int ParseAndRun(int argc, const char* const* argv, const ProfileStore& store) {
  CLI::App app("Sockel, the shared services of the administration, from the command line.",
               "sockel");
  app.footer(std::string("`sockel COMMAND --help` shows options and an example.\n") +
             kExitCodesHelp);
  // At most one: `efile` behind `audit verify` is a service, not the group.
  app.require_subcommand(0, 1);
  Globals globals;
  AddGlobals(app, globals);
  Session session(store, globals);
  Commands commands(app, session);
  AddAllCommands(commands);
  try {
    app.parse(argc, argv);
    if (!commands.HasChosen()) throw CLI::RequiredError("a command");
  } catch (const CLI::ParseError& refusal) {
    return Refuse(app, refusal, WantsJson(argc, argv));
  }
  absl::Status status = CheckText(app);
  if (status.ok()) status = commands.RunChosen();
  std::cout.flush();
  if (status.ok() && !std::cout) status = absl::UnknownError("the output could not be written");
  return Report(status, session.json());
}

}  // namespace

int Run(int argc, const char* const* argv, const ProfileStore& store) {
  try {
    return ParseAndRun(argc, argv, store);
  } catch (const std::exception& e) {
    return Report(absl::UnknownError(e.what()), WantsJson(argc, argv));
  }
}

}  // namespace sockel::cli
