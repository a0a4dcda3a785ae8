#include "sockel/efile/v1/file_plan.grpc.pb.h"
#include "tools/sockel/commands.h"

namespace sockel::cli {
namespace {

using efile::v1::FilePlanService;
using efile::v1::Retention;
using Stub = FilePlanService::Stub;

struct Options {
  std::string code;
  std::string title;
  int years = 0;
  bool unlimited = false;
  std::string disposition = "APPRAISE";
};

absl::Status Create(Session& session, const Options& options) {
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  efile::v1::CreateFilePlanEntryRequest request;
  request.set_parent(*tenant);
  request.set_file_plan_entry_id(options.code);
  request.mutable_file_plan_entry()->set_title(options.title);
  Retention& retention = *request.mutable_file_plan_entry()->mutable_retention();
  if (options.unlimited) {
    retention.set_unlimited(true);
  } else {
    retention.set_years(options.years);
  }
  Retention::Disposition disposition = Retention::DISPOSITION_UNSPECIFIED;
  Retention::Disposition_Parse(options.disposition, &disposition);
  retention.set_disposition(disposition);
  auto entry = session.Call<FilePlanService>(&Stub::CreateFilePlanEntry, request);
  return entry.ok() ? session.Show(*entry) : entry.status();
}

absl::Status List(Session& session) {
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  efile::v1::ListFilePlanEntriesRequest request;
  request.set_parent(*tenant);
  auto response = session.List<FilePlanService>(&Stub::ListFilePlanEntries, request);
  if (!response.ok()) return response.status();
  return session.ShowList(*response, "file_plan_entries",
                          {{"CODE", "code"},
                           {"STATE", "state"},
                           {"YEARS", "retention.years"},
                           {"THEN", "retention.disposition"},
                           {"TITLE", "title"}});
}

// Get and Retire.
template <typename Request>
absl::Status ByName(Session& session, const Options& options,
                    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                 efile::v1::FilePlanEntry*)) {
  absl::StatusOr<std::string> name = session.Name("filePlanEntries", options.code);
  if (!name.ok()) return name.status();
  Request request;
  request.set_name(*name);
  auto entry = session.Call<FilePlanService>(method, request);
  return entry.ok() ? session.Show(*entry) : entry.status();
}

}  // namespace

void AddFilePlanCommands(Commands& commands) {
  Session& session = commands.session();
  CLI::App& group = commands.Group("file-plan", "The headings dossiers are kept under");
  auto options = std::make_shared<Options>();
  const auto add_code = [&](CLI::App& command) {
    command.add_option("code", options->code, "Code of the entry, such as 413-1")->required();
  };
  CLI::App& create = commands.Add(group, "create", "Add an entry",
                                  "sockel file-plan create 413-1 --title \"Building permits\" "
                                  "--years 10 --disposition ARCHIVE",
                                  [&session, options] { return Create(session, *options); });
  add_code(create);
  create.add_option("--title", options->title, "The heading")->required();
  auto* years = create.add_option("--years", options->years, "Years kept after closing");
  auto* unlimited = create.add_flag("--unlimited", options->unlimited, "Kept for ever");
  years->excludes(unlimited);
  create.add_option("--disposition", options->disposition, "What happens then")
      ->check(CLI::IsMember({"ARCHIVE", "APPRAISE", "DESTROY"}))
      ->capture_default_str();
  commands.Add(group, "list", "List the file plan", "sockel file-plan list",
               [&session] { return List(session); });
  add_code(commands.Add(
      group, "get", "Show an entry", "sockel file-plan get 413-1",
      [&session, options] { return ByName(session, *options, &Stub::GetFilePlanEntry); }));
  add_code(commands.Add(
      group, "retire", "No new dossiers under an entry", "sockel file-plan retire 413-1",
      [&session, options] { return ByName(session, *options, &Stub::RetireFilePlanEntry); }));
}

}  // namespace sockel::cli
