#include <iostream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "tools/sockel/commands.h"
#include "tools/sockel/dossier_names.h"
#include "tools/sockel/evidence/check.h"
#include "tools/sockel/evidence/export.h"

namespace sockel::cli {
namespace {

struct Options {
  std::string dossier;
  std::string file;
  std::string verifier_key;
};

absl::Status Export(Session& session, const Options& options) {
  absl::StatusOr<std::string> dossier = ResolveDossier(session, options.dossier);
  if (!dossier.ok()) return dossier.status();
  return ExportEvidence(session, *dossier, std::filesystem::absolute(options.file));
}

absl::Status Verify(Session& session, const Options& options) {
  absl::StatusOr<EvidenceVerdict> verdict =
      CheckEvidence(options.file, options.verifier_key, session.store());
  if (!verdict.ok()) return verdict.status();
  const BundleVerdict& log = verdict->log;
  if (session.json()) {
    std::cout << nlohmann::json{{"verified", true},
                                {"dossier", verdict->manifest.dossier.name()},
                                {"documents", verdict->manifest.documents.size()},
                                {"entries", verdict->entries},
                                {"log", log.checkpoint.origin},
                                {"verifier_key", log.verifier_key},
                                {"key_confirmed", log.key_confirmed}}
                     .dump()
              << "\n";
    return absl::OkStatus();
  }
  session.Say(absl::StrCat("Dossier ", verdict->manifest.dossier.reference(), ": ",
                           verdict->manifest.documents.size(), " documents are what was filed; ",
                           verdict->entries, " entries are in the signed log ",
                           log.checkpoint.origin, "."));
  if (!log.key_confirmed) {
    session.Say(
        absl::StrCat("The key was taken from the file. Compare it with one you got by "
                     "another way:\n  ",
                     log.verifier_key));
  }
  return absl::OkStatus();
}

void AddExport(Commands& commands, CLI::App& group, const std::string& name,
               const std::string& example, const std::shared_ptr<Options>& options) {
  Session& session = commands.session();
  CLI::App& command = commands.Add(
      group, name, "Write a dossier's documents, log entries and proofs into one ZIP file", example,
      [&session, options] { return Export(session, *options); });
  command.add_option("dossier", options->dossier, "Id, name or reference of the dossier")
      ->required();
  command.add_option("-o,--out", options->file, "ZIP file to write")->required();
}

}  // namespace

void AddEvidenceCommands(Commands& commands) {
  Session& session = commands.session();
  auto options = std::make_shared<Options>();
  CLI::App& group = commands.Group("evidence", "Evidence that outlives the service");
  AddExport(commands, group, "export", "sockel evidence export 413-1/17/2026 -o dossier.zip",
            options);
  CLI::App& verify =
      commands.Add(group, "verify", "Check an evidence file, without any service",
                   "sockel evidence verify dossier.zip --verifier-key sockel/efile/smi+…",
                   [&session, options] { return Verify(session, *options); });
  verify.add_option("file", options->file, "ZIP file")->required();
  verify.add_option("--verifier-key", options->verifier_key,
                    "Key to believe (default: the one remembered, else the file's own)");
  CLI::App& efile = commands.Group("efile", "The e-file's evidence (short for `evidence export`)");
  AddExport(commands, efile, "evidence", "sockel efile evidence 413-1/17/2026 -o dossier.zip",
            options);
}

}  // namespace sockel::cli
