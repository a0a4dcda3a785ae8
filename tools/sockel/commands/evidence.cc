#include <iostream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "tools/sockel/commands.h"
#include "tools/sockel/dossier_names.h"
#include "tools/sockel/evidence/check.h"
#include "tools/sockel/evidence/export.h"
#include "tools/sockel/evidence/report.h"

namespace sockel::cli {
namespace {

struct Options {
  std::string dossier;
  std::string file;
  KeyChoice key;
  bool complete = false;
};

absl::Status Export(Session& session, const Options& options) {
  absl::StatusOr<std::string> dossier = ResolveDossier(session, options.dossier);
  if (!dossier.ok()) return dossier.status();
  absl::StatusOr<Exported> made = ExportEvidence(session, *dossier, AbsolutePath(options.file));
  if (!made.ok()) return made.status();
  session.Say(absl::StrCat(options.file, ": ", made->documents, " documents, ", made->entries,
                           " log entries. Check it with: sockel evidence verify ", options.file,
                           " --verifier-key ", made->verifier_key,
                           "\nWhoever checks it must get that key by another way than the file."));
  if (session.json()) {
    const nlohmann::json tree = {{"file", options.file},
                                 {"dossier", *dossier},
                                 {"documents", made->documents},
                                 {"entries", made->entries},
                                 {"verifier_key", made->verifier_key}};
    std::cout << tree.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  }
  return absl::OkStatus();
}

absl::Status Verify(Session& session, const Options& options) {
  absl::StatusOr<EvidenceVerdict> verdict =
      CheckEvidence(options.file, options.key, LogMemory(session.store().folder()));
  if (!verdict.ok()) return verdict.status();
  if (options.complete && !verdict->complete) {
    return absl::DataLossError(
        "what is in the file is as it was filed, but it is not proven that no document is missing: "
        "only a closed dossier has that proof");
  }
  std::cout << (session.json() ? EvidenceJson(*verdict) + "\n" : EvidenceText(*verdict));
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

void AddVerify(Commands& commands, CLI::App& group, const std::shared_ptr<Options>& options) {
  Session& session = commands.session();
  CLI::App& verify = commands.Add(
      group, "verify", "Check an evidence file, without any service; says what that proves",
      "sockel evidence verify dossier.zip --verifier-key sockel/efile/smi+…",
      [&session, options] { return Verify(session, *options); });
  verify.add_option("file", options->file, "ZIP file")->required();
  auto* key = verify.add_option("--verifier-key", options->key.verifier_key,
                                "Key to believe, got by another way than the file (default: one "
                                "remembered from `audit verify`)");
  verify
      .add_flag("--trust-file-key", options->key.trust_file_key,
                "Believe the key that the file names, when none is remembered: proves nothing "
                "about who made the file")
      ->excludes(key);
  verify.add_flag("--complete", options->complete,
                  "Fail, too, unless it is proven that no document is missing");
}

}  // namespace

void AddEvidenceCommands(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App& group = commands.Group("evidence", "Evidence that outlives the service");
  AddExport(commands, group, "export", "sockel evidence export 413-1/17/2026 -o dossier.zip",
            options);
  AddVerify(commands, group, options);
  CLI::App& efile = commands.Group("efile", "The e-file's evidence (short for `evidence export`)");
  AddExport(commands, efile, "evidence", "sockel efile evidence 413-1/17/2026 -o dossier.zip",
            options);
}

}  // namespace sockel::cli
