#include "tools/sockel/commands.h"

#include <exception>

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
  command->footer(absl::StrCat("Example:\n  ", example));
  command->callback([this, run = std::move(run)] { chosen_ = run; });
  return *command;
}

absl::Status Commands::RunChosen() const {
  try {
    return chosen_();
  } catch (const std::exception& e) {
    return absl::UnknownError(e.what());
  }
}

void AddAllCommands(Commands& commands) {
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

}  // namespace sockel::cli
