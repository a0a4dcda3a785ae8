#include "sockel/efile/v1/dossier.grpc.pb.h"
#include "tools/sockel/commands.h"
#include "tools/sockel/dossier_names.h"

namespace sockel::cli {
namespace {

using efile::v1::Dossier;
using efile::v1::DossierService;
using Stub = DossierService::Stub;

struct Options {
  std::string dossier;
  std::string entry;
  std::string subject;
  std::string state;
  std::string confidentiality;
  int limit = 0;
};

absl::Status Create(Session& session, const Options& options) {
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  absl::StatusOr<std::string> entry = session.Name("filePlanEntries", options.entry);
  if (!entry.ok()) return entry.status();
  efile::v1::CreateDossierRequest request;
  request.set_parent(*tenant);
  request.mutable_dossier()->set_file_plan_entry(*entry);
  request.mutable_dossier()->set_subject(options.subject);
  Dossier::Confidentiality confidentiality = Dossier::CONFIDENTIALITY_UNSPECIFIED;
  Dossier::Confidentiality_Parse(options.confidentiality, &confidentiality);
  request.mutable_dossier()->set_confidentiality(confidentiality);
  auto dossier = session.Call<DossierService>(&Stub::CreateDossier, request);
  return dossier.ok() ? session.Show(*dossier) : dossier.status();
}

absl::Status List(Session& session, const Options& options) {
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  efile::v1::ListDossiersRequest request;
  request.set_parent(*tenant);
  Dossier::State state = Dossier::STATE_UNSPECIFIED;
  Dossier::State_Parse(options.state, &state);
  request.set_state(state);
  if (!options.entry.empty()) {
    absl::StatusOr<std::string> entry = session.Name("filePlanEntries", options.entry);
    if (!entry.ok()) return entry.status();
    request.set_file_plan_entry(*entry);
  }
  auto response = session.List<DossierService>(&Stub::ListDossiers, request, options.limit);
  if (!response.ok()) return response.status();
  return session.ShowList(*response, "dossiers",
                          {{"ID", "name|id"},
                           {"REFERENCE", "reference"},
                           {"STATE", "state"},
                           {"CREATED", "create_time"},
                           {"SUBJECT", "subject"}});
}

absl::Status Get(Session& session, const Options& options) {
  absl::StatusOr<std::string> name = ResolveDossier(session, options.dossier);
  if (!name.ok()) return name.status();
  efile::v1::GetDossierRequest request;
  request.set_name(*name);
  auto dossier = session.Call<DossierService>(&Stub::GetDossier, request);
  return dossier.ok() ? session.Show(*dossier) : dossier.status();
}

absl::Status Update(Session& session, const Options& options) {
  absl::StatusOr<std::string> name = ResolveDossier(session, options.dossier);
  if (!name.ok()) return name.status();
  efile::v1::UpdateDossierRequest request;
  request.mutable_dossier()->set_name(*name);
  if (!options.subject.empty()) {
    request.mutable_dossier()->set_subject(options.subject);
    request.mutable_update_mask()->add_paths("subject");
  }
  Dossier::Confidentiality confidentiality = Dossier::CONFIDENTIALITY_UNSPECIFIED;
  if (Dossier::Confidentiality_Parse(options.confidentiality, &confidentiality)) {
    request.mutable_dossier()->set_confidentiality(confidentiality);
    request.mutable_update_mask()->add_paths("confidentiality");
  }
  if (request.update_mask().paths().empty()) {
    return absl::InvalidArgumentError("nothing to change: give --subject or --confidentiality");
  }
  auto dossier = session.Call<DossierService>(&Stub::UpdateDossier, request);
  return dossier.ok() ? session.Show(*dossier) : dossier.status();
}

absl::Status Close(Session& session, const Options& options) {
  absl::StatusOr<std::string> name = ResolveDossier(session, options.dossier);
  if (!name.ok()) return name.status();
  efile::v1::CloseDossierRequest request;
  request.set_name(*name);
  auto dossier = session.Call<DossierService>(&Stub::CloseDossier, request);
  return dossier.ok() ? session.Show(*dossier) : dossier.status();
}

void AddConfidentiality(CLI::App& command, Options& options) {
  command.add_option("--confidentiality", options.confidentiality, "PUBLIC or INTERNAL")
      ->check(CLI::IsMember({"PUBLIC", "INTERNAL"}));
}

}  // namespace

void AddDossierCommands(Commands& commands) {
  Session& session = commands.session();
  CLI::App& group = commands.Group("dossiers", "The files of the administration");
  auto options = std::make_shared<Options>();
  const auto add_dossier = [&](CLI::App& command) {
    command.add_option("dossier", options->dossier, "Id, name or reference of the dossier")
        ->required();
  };
  CLI::App& create =
      commands.Add(group, "create", "Open a dossier",
                   "sockel dossiers create --entry 413-1 --subject \"Carport, Hauptstr. 5\"",
                   [&session, options] { return Create(session, *options); });
  create.add_option("--entry", options->entry, "File plan entry")->required();
  create.add_option("--subject", options->subject, "What it is about")->required();
  AddConfidentiality(create, *options);
  CLI::App& list = commands.Add(group, "list", "List dossiers, newest first",
                                "sockel dossiers list --state OPEN --entry 413-1",
                                [&session, options] { return List(session, *options); });
  list.add_option("--state", options->state, "OPEN or CLOSED")
      ->check(CLI::IsMember({"OPEN", "CLOSED"}));
  list.add_option("--entry", options->entry, "Only under this file plan entry");
  list.add_option("--limit", options->limit, "At most so many; 0 = all");
  add_dossier(commands.Add(group, "get", "Show a dossier", "sockel dossiers get 413-1/17/2026",
                           [&session, options] { return Get(session, *options); }));
  CLI::App& update = commands.Add(group, "update", "Change subject or confidentiality",
                                  "sockel dossiers update 413-1/17/2026 --subject \"…\"",
                                  [&session, options] { return Update(session, *options); });
  add_dossier(update);
  update.add_option("--subject", options->subject, "What it is about");
  AddConfidentiality(update, *options);
  add_dossier(commands.Add(group, "close", "Close a dossier; its retention period begins",
                           "sockel dossiers close 413-1/17/2026",
                           [&session, options] { return Close(session, *options); }));
}

}  // namespace sockel::cli
