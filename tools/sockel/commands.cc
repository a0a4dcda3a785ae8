#include "tools/sockel/commands.h"

#include "absl/strings/str_cat.h"

namespace sockel::cli {

CLI::App& Commands::Group(const std::string& name, const std::string& help) {
  CLI::App* group = root_.add_subcommand(name, help);
  group->require_subcommand(0, 1);
  // Run when no command of the group was named.
  group->final_callback([this, name] {
    if (!chosen_) throw CLI::RequiredError("a command of `sockel " + name + "`");
  });
  return *group;
}

CLI::App& Commands::Add(CLI::App& group, const std::string& name, const std::string& help,
                        const std::string& example, std::function<absl::Status()> run) {
  CLI::App* command = group.add_subcommand(name, help);
  if (!example.empty()) command->footer(absl::StrCat("Example:\n  ", example));
  command->callback([this, run = std::move(run)] { chosen_ = run; });
  return *command;
}

}  // namespace sockel::cli
