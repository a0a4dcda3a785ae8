#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/sockel/commands.h"

namespace sockel::cli {
namespace {

// What may follow a command: its subcommands and options.
std::vector<std::string> Words(const CLI::App& command) {
  std::vector<std::string> words;
  for (const CLI::App* child : command.get_subcommands([](const CLI::App*) { return true; })) {
    if (!child->get_name().empty()) words.push_back(child->get_name());
  }
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  }
  return words;
}

void AppendCases(const CLI::App& command, const std::string& path, std::string& script) {
  absl::StrAppend(&script, "    '", path, "') words='", absl::StrJoin(Words(command), " "),
                  "' ;;\n");
  for (const CLI::App* child : command.get_subcommands([](const CLI::App*) { return true; })) {
    if (child->get_name().empty()) continue;
    AppendCases(*child, path.empty() ? child->get_name() : path + " " + child->get_name(), script);
  }
}

// The command so far is what of the line is a known path; files complete where
// nothing else does.
std::string BashScript(const CLI::App& root) {
  std::string script =
      "_sockel_words() {\n"
      "  case \"$1\" in\n";
  AppendCases(root, "", script);
  script +=
      "    *) return 1 ;;\n"
      "  esac\n"
      "}\n"
      "_sockel() {\n"
      "  local words='' path='' next word\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    next=\"${path:+$path }$word\"\n"
      "    if _sockel_words \"$next\"; then path=\"$next\"; fi\n"
      "  done\n"
      "  _sockel_words \"$path\"\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
      "}\n"
      "complete -o default -F _sockel sockel\n";
  return script;
}

}  // namespace

void AddCompletionCommands(Commands& commands) {
  CLI::App& root = commands.root();
  auto shell = std::make_shared<std::string>();
  commands
      .Add(root, "completion", "Print a completion script for bash or zsh",
           "source <(sockel completion bash)",
           [&root, shell] {
             if (*shell == "zsh") std::cout << "autoload -U +X bashcompinit && bashcompinit\n";
             std::cout << BashScript(root);
             return absl::OkStatus();
           })
      .add_option("shell", *shell, "bash or zsh")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}));
}

}  // namespace sockel::cli
