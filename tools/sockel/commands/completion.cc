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
  absl::StrAppend(&script, "    '", path, "') sockel_words='", absl::StrJoin(Words(command), " "),
                  "' ;;\n");
  for (const CLI::App* child : command.get_subcommands([](const CLI::App*) { return true; })) {
    if (child->get_name().empty()) continue;
    AppendCases(*child, path.empty() ? child->get_name() : path + " " + child->get_name(), script);
  }
}

// The command so far is what of the line is a known path; files complete where
// nothing else does. The variables have names of their own because zsh runs it
// too, where `path` is another name of PATH, and `words` the line itself.
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
      "  local sockel_words='' sockel_command='' sockel_next sockel_word\n"
      "  for sockel_word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    sockel_next=\"${sockel_command:+$sockel_command }$sockel_word\"\n"
      "    if _sockel_words \"$sockel_next\"; then sockel_command=\"$sockel_next\"; fi\n"
      "  done\n"
      "  _sockel_words \"$sockel_command\"\n"
      "  COMPREPLY=($(compgen -W \"$sockel_words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
      "}\n"
      "complete -o default -F _sockel sockel\n";
  return script;
}

// zsh understands the script through its own emulation, which needs its
// completion system.
constexpr char kZshPrelude[] =
    "whence compdef >/dev/null || { autoload -U +X compinit && compinit; }\n"
    "autoload -U +X bashcompinit && bashcompinit\n";

}  // namespace

void AddCompletionCommands(Commands& commands) {
  CLI::App& root = commands.root();
  auto shell = std::make_shared<std::string>();
  commands
      .Add(root, "completion", "Print a completion script for bash or zsh",
           "source <(sockel completion bash)   # in ~/.bashrc\n"
           "  source <(sockel completion zsh)    # in ~/.zshrc",
           [&root, shell] {
             if (*shell == "zsh") std::cout << kZshPrelude;
             std::cout << BashScript(root);
             return absl::OkStatus();
           })
      .add_option("shell", *shell, "bash or zsh")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}));
}

}  // namespace sockel::cli
