#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "tools/sockel/session.h"

namespace sockel::cli {

// The tree of commands. Each group of commands adds itself (below); after
// parsing, the one that was chosen is run.
class Commands {
 public:
  Commands(CLI::App& root, Session& session) : root_(root), session_(session) {}

  CLI::App& root() { return root_; }
  Session& session() { return session_; }

  // `sockel users …`.
  CLI::App& Group(const std::string& name, const std::string& help);
  // A command of a group (or of the root), with an example for its help, and
  // what it does.
  CLI::App& Add(CLI::App& group, const std::string& name, const std::string& help,
                const std::string& example, std::function<absl::Status()> run);

  bool HasChosen() const { return chosen_ != nullptr; }
  // HasChosen() must be true. What a library throws is UNKNOWN, with its text.
  absl::Status RunChosen() const;

 private:
  CLI::App& root_;
  Session& session_;
  std::function<absl::Status()> chosen_;
};

// All of them.
void AddAllCommands(Commands& commands);

// commands/*.cc
void AddSignInCommands(Commands& commands);
void AddProfileCommands(Commands& commands);
void AddTenantCommands(Commands& commands);
void AddUserCommands(Commands& commands);
void AddServiceAccountCommands(Commands& commands);
void AddRoleCommands(Commands& commands);
void AddOfferingCommands(Commands& commands);
void AddOrderCommands(Commands& commands);
void AddFilePlanCommands(Commands& commands);
void AddDossierCommands(Commands& commands);
void AddDocumentCommands(Commands& commands);
void AddTemplateCommands(Commands& commands);
void AddNotificationCommands(Commands& commands);
void AddInboxCommands(Commands& commands);
void AddEventCommands(Commands& commands);
void AddAuditCommands(Commands& commands);
void AddEvidenceCommands(Commands& commands);
void AddCompletionCommands(Commands& commands);

}  // namespace sockel::cli
