#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/sockel/audit/bundle_check.h"
#include "tools/sockel/audit/log_client.h"
#include "tools/sockel/commands.h"
#include "tools/sockel/local_file.h"

namespace sockel::cli {
namespace {

struct Options {
  std::vector<std::string> services;
  std::string service;
  std::string resource;
  KeyChoice key;
  std::string bundle;
  std::string output;
  int limit = 100;
};

constexpr char kUnconfirmed[] =
    "The key was taken as shown. Compare it with one you got by another way: ";

// What became of one log.
struct Result {
  std::string log;
  absl::StatusOr<LogClient::Verdict> verdict;
};

std::string TextOf(const Result& result) {
  const LogClient::Verdict& verdict = *result.verdict;
  if (verdict.entries == 0) return absl::StrCat(result.log, ": empty");
  std::string text = absl::StrCat(result.log, ": ", verdict.entries, " entries, all as signed");
  if (verdict.earlier_entries > 0) {
    absl::StrAppend(&text, "; the first ", verdict.earlier_entries, " as when last verified here");
  }
  if (!verdict.key_confirmed) {
    absl::StrAppend(&text, "\n  ", kUnconfirmed, verdict.verifier_key);
  }
  return text;
}

nlohmann::json JsonOf(const Result& result) {
  nlohmann::json tree = {{"log", result.log}, {"verified", result.verdict.ok()}};
  if (!result.verdict.ok()) {
    tree["error"] = std::string(result.verdict.status().message());
    return tree;
  }
  tree["entries"] = result.verdict->entries;
  tree["earlier_entries"] = result.verdict->earlier_entries;
  tree["verifier_key"] = result.verdict->verifier_key;
  tree["key_confirmed"] = result.verdict->key_confirmed;
  return tree;
}

// One document, however many logs there are.
void PrintJson(bool verified, const nlohmann::json& logs) {
  const nlohmann::json tree = {{"verified", verified}, {"logs", logs}};
  std::cout << tree.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

absl::Status VerifyBundleFile(Session& session, const Options& options) {
  absl::StatusOr<std::string> text = ReadFile(options.bundle);
  if (!text.ok()) return text.status();
  absl::StatusOr<audit::v1::EvidenceBundle> bundle = ParseBundle(*text, options.bundle);
  if (!bundle.ok()) return bundle.status();
  absl::StatusOr<BundleVerdict> verdict =
      CheckBundle(*bundle, options.key, LogMemory(session.store().folder()));
  if (!verdict.ok()) return verdict.status();
  session.Say(absl::StrCat(verdict->checkpoint.origin, ": ", bundle->entries_size(), " of ",
                           verdict->checkpoint.size,
                           " entries proven to be in the signed log; not proven: that no other "
                           "entry is about the same"));
  if (!verdict->KeyConfirmed()) {
    session.Say(absl::StrCat("  ", kUnconfirmed, verdict->verifier_key));
  }
  nlohmann::json logs = nlohmann::json::array();
  logs.push_back({{"log", verdict->checkpoint.origin},
                  {"verified", true},
                  {"entries", bundle->entries_size()},
                  {"log_entries", verdict->checkpoint.size},
                  {"verifier_key", verdict->verifier_key},
                  {"key_source", NameOf(verdict->key_source)},
                  {"key_confirmed", verdict->KeyConfirmed()}});
  if (session.json()) PrintJson(true, logs);
  return absl::OkStatus();
}

// A false log counts more than one that could not be read.
absl::Status WorstOf(const std::vector<Result>& results) {
  absl::Status worst;
  for (const Result& result : results) {
    const absl::Status status =
        absl::IsDataLoss(result.verdict.status())
            ? absl::DataLossError(absl::StrCat(result.log, ": ", result.verdict.status().message()))
            : result.verdict.status();
    if (worst.ok() || (absl::IsDataLoss(status) && !absl::IsDataLoss(worst))) worst = status;
  }
  return worst;
}

absl::Status Verify(Session& session, const Options& options) {
  if (!options.bundle.empty()) return VerifyBundleFile(session, options);
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  const auto& services = options.services.empty() ? ServiceNames() : options.services;
  std::vector<Result> results;
  nlohmann::json logs = nlohmann::json::array();
  for (const std::string& service : services) {
    LogClient log(session, service, *tenant, options.key.verifier_key);
    results.push_back({log.origin(), log.Verify()});
    const Result& result = results.back();
    logs.push_back(JsonOf(result));
    if (result.verdict.ok()) {
      session.Say(TextOf(result));
    } else if (services.size() > 1 && !session.json()) {
      std::cerr << service << ": " << std::string(result.verdict.status().message()) << "\n";
    }
  }
  const absl::Status worst = WorstOf(results);
  if (session.json()) PrintJson(worst.ok(), logs);
  return worst;
}

absl::Status Forget(Session& session, const Options& options) {
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  LogClient log(session, options.service, *tenant, "");
  if (absl::Status forgotten = log.Forget(); !forgotten.ok()) return forgotten;
  session.Say(absl::StrCat("Forgot the key and the checkpoint of ", log.origin(),
                           ". The next `audit verify` believes what it is shown first."));
  return session.ShowName(log.origin());
}

absl::Status List(Session& session, const Options& options) {
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  audit::v1::ListEntriesRequest request;
  request.set_parent(*tenant);
  request.set_resource_prefix(options.resource);
  auto response = session.List<audit::v1::AuditService>(&audit::v1::AuditService::Stub::ListEntries,
                                                        request, options.limit, options.service);
  if (!response.ok()) return response.status();
  return session.ShowList(*response, "entries",
                          {{"INDEX", "index"},
                           {"TIME", "entry.time"},
                           {"ACTION", "entry.action"},
                           {"RESOURCE", "entry.resource"},
                           {"ACTOR", "entry.actor"}});
}

absl::Status Checkpoint(Session& session, const Options& options) {
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  LogClient log(session, options.service, *tenant, options.key.verifier_key);
  absl::StatusOr<audit::v1::Checkpoint> checkpoint = log.Fetch();
  if (!checkpoint.ok()) return checkpoint.status();
  absl::StatusOr<LogClient::Trust> trust = log.TrustFor(*checkpoint);
  if (!trust.ok()) return trust.status();
  if (auto body = ledger::OpenCheckpoint(checkpoint->note(), trust->key); !body.ok()) {
    return body.status();
  }
  if (session.json()) return session.Show(*checkpoint);
  std::cout << checkpoint->note() << "\nverifier key: " << checkpoint->verifier_key() << "\n";
  return absl::OkStatus();
}

absl::Status Export(Session& session, const Options& options) {
  const std::filesystem::path target = AbsolutePath(options.output);
  if (absl::Status checked = CheckFree(target); !checked.ok()) return checked;
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  LogClient log(session, options.service, *tenant, options.key.verifier_key);
  absl::StatusOr<audit::v1::EvidenceBundle> bundle = log.Export(options.resource);
  if (!bundle.ok()) return bundle.status();
  const absl::Status written = WriteNewPrivateFile(target, RenderJson(*bundle) + "\n");
  if (!written.ok()) return written;
  const std::string& key = bundle->checkpoint().verifier_key();
  session.Say(absl::StrCat(options.output, ": ", bundle->entries_size(),
                           " entries with proofs. Check with: sockel audit verify --bundle ",
                           options.output, " --verifier-key ", key,
                           "\nWhoever checks it must get that key by another way than the file."));
  if (session.json()) {
    const nlohmann::json tree = {
        {"file", options.output}, {"entries", bundle->entries_size()}, {"verifier_key", key}};
    std::cout << tree.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  }
  return absl::OkStatus();
}

void AddService(CLI::App& command, Options& options) {
  command.add_option("service", options.service, "Which service's log")
      ->required()
      ->check(CLI::IsMember(ServiceNames()));
}

CLI::Option* AddKey(CLI::App& command, Options& options) {
  return command.add_option("--verifier-key", options.key.verifier_key,
                            "Key to believe, got by another way (default: the one remembered)");
}

void AddVerify(Commands& commands, CLI::App& group, const std::shared_ptr<Options>& options) {
  Session& session = commands.session();
  CLI::App& verify = commands.Add(
      group, "verify",
      "Read whole logs and compare with what was signed, now and when last verified here; or check "
      "a bundle, offline",
      "sockel audit verify efile\n"
      "  sockel audit verify --bundle entries.json --verifier-key sockel/efile/smi+…",
      [&session, options] { return Verify(session, *options); });
  verify.add_option("service", options->services, "Services (default: all)")
      ->check(CLI::IsMember(ServiceNames()));
  auto* bundle =
      verify.add_option("--bundle", options->bundle, "File from `audit export`; needs no service");
  auto* key = AddKey(verify, *options);
  verify
      .add_flag("--trust-file-key", options->key.trust_file_key,
                "Believe the key that the bundle names, when none is remembered")
      ->needs(bundle)
      ->excludes(key);
}

void AddExport(Commands& commands, CLI::App& group, const std::shared_ptr<Options>& options) {
  Session& session = commands.session();
  CLI::App& command =
      commands.Add(group, "export", "Write entries with proofs, to be checked offline",
                   "sockel audit export efile --resource tenants/smi/dossiers/0190… --out log.json",
                   [&session, options] { return Export(session, *options); });
  AddService(command, *options);
  command.add_option("--resource", options->resource, "Only this resource and what lies below it");
  command.add_option("--out", options->output, "File to write")->required();
  AddKey(command, *options);
}

}  // namespace

void AddAuditCommands(Commands& commands) {
  Session& session = commands.session();
  CLI::App& group = commands.Group("audit", "The verifiable logs of the services");
  auto options = std::make_shared<Options>();
  AddVerify(commands, group, options);
  CLI::App& list = commands.Add(group, "list", "List entries, oldest first",
                                "sockel audit list efile --resource tenants/smi/dossiers/0190…",
                                [&session, options] { return List(session, *options); });
  AddService(list, *options);
  list.add_option("--resource", options->resource, "Only this resource and what lies below it");
  list.add_option("--limit", options->limit, "At most so many; 0 = all")->capture_default_str();
  CLI::App& checkpoint = commands.Add(
      group, "checkpoint", "Show the newest signed checkpoint", "sockel audit checkpoint efile",
      [&session, options] { return Checkpoint(session, *options); });
  AddService(checkpoint, *options);
  AddKey(checkpoint, *options);
  AddExport(commands, group, options);
  AddService(commands.Add(group, "forget",
                          "Forget what this machine remembers of a log, after the service was set "
                          "up anew: a changed log goes unnoticed once",
                          "sockel -p test audit forget efile",
                          [&session, options] { return Forget(session, *options); }),
             *options);
}

}  // namespace sockel::cli
