#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "tools/sockel/audit/bundle_check.h"
#include "tools/sockel/audit/log_client.h"
#include "tools/sockel/commands.h"

namespace sockel::cli {
namespace {

struct Options {
  std::vector<std::string> services;
  std::string service;
  std::string resource;
  std::string verifier_key;
  std::string bundle;
  std::string output;
  int limit = 100;
};

constexpr char kUnconfirmed[] =
    "The key was taken as shown. Compare it with one you got by another way: ";

void Report(Session& session, const nlohmann::json& result, const std::string& text) {
  if (session.json()) {
    std::cout << result.dump() << "\n";
  } else {
    std::cout << text << "\n";
  }
}

absl::Status VerifyService(Session& session, const Options& options, const std::string& tenant,
                           const std::string& service) {
  LogClient log(session, service, tenant, options.verifier_key);
  absl::StatusOr<LogClient::Verdict> verdict = log.Verify();
  if (absl::IsDataLoss(verdict.status())) {
    return absl::DataLossError(absl::StrCat(log.origin(), ": ", verdict.status().message()));
  }
  if (!verdict.ok()) return verdict.status();
  std::string text = absl::StrCat(log.origin(), ": ");
  if (verdict->entries == 0) {
    absl::StrAppend(&text, "empty");
  } else {
    absl::StrAppend(&text, verdict->entries, " entries, all as signed");
    if (verdict->earlier_entries > 0) {
      absl::StrAppend(&text, "; the first ", verdict->earlier_entries,
                      " as when last verified here");
    }
    if (!verdict->key_confirmed) {
      absl::StrAppend(&text, "\n  ", kUnconfirmed, verdict->verifier_key);
    }
  }
  Report(session,
         {{"log", log.origin()},
          {"verified", true},
          {"entries", verdict->entries},
          {"earlier_entries", verdict->earlier_entries},
          {"verifier_key", verdict->verifier_key},
          {"key_confirmed", verdict->key_confirmed}},
         text);
  return absl::OkStatus();
}

absl::Status VerifyBundleFile(Session& session, const Options& options) {
  absl::StatusOr<std::string> text = ReadFile(options.bundle);
  if (!text.ok()) return text.status();
  absl::StatusOr<audit::v1::EvidenceBundle> bundle = ParseBundle(*text, options.bundle);
  if (!bundle.ok()) return bundle.status();
  absl::StatusOr<BundleVerdict> verdict =
      CheckBundle(*bundle, options.verifier_key, session.store());
  if (!verdict.ok()) return verdict.status();
  std::string said =
      absl::StrCat(verdict->checkpoint.origin, ": ", bundle->entries_size(), " of ",
                   verdict->checkpoint.size, " entries proven to be in the signed log");
  if (!verdict->key_confirmed) absl::StrAppend(&said, "\n  ", kUnconfirmed, verdict->verifier_key);
  Report(session,
         {{"log", verdict->checkpoint.origin},
          {"verified", true},
          {"entries", bundle->entries_size()},
          {"verifier_key", verdict->verifier_key},
          {"key_confirmed", verdict->key_confirmed}},
         said);
  return absl::OkStatus();
}

absl::Status Verify(Session& session, const Options& options) {
  if (!options.bundle.empty()) return VerifyBundleFile(session, options);
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  const auto& services = options.services.empty() ? ServiceNames() : options.services;
  absl::Status first;
  for (const std::string& service : services) {
    const absl::Status status = VerifyService(session, options, *tenant, service);
    if (!status.ok() && services.size() > 1) {
      std::cerr << service << ": " << std::string(status.message()) << "\n";
    }
    // A false log counts more than one that could not be read.
    if (first.ok() || (absl::IsDataLoss(status) && !absl::IsDataLoss(first))) {
      if (!status.ok()) first = status;
    }
  }
  return first;
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
  LogClient log(session, options.service, *tenant, options.verifier_key);
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
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  LogClient log(session, options.service, *tenant, options.verifier_key);
  absl::StatusOr<audit::v1::EvidenceBundle> bundle = log.Export(options.resource);
  if (!bundle.ok()) return bundle.status();
  const absl::Status written =
      WritePrivateFile(std::filesystem::absolute(options.output), RenderJson(*bundle) + "\n");
  if (!written.ok()) return written;
  session.Say(absl::StrCat(options.output, ": ", bundle->entries_size(),
                           " entries with proofs. Check with: sockel audit verify --bundle ",
                           options.output));
  return absl::OkStatus();
}

}  // namespace

void AddAuditCommands(Commands& commands) {
  Session& session = commands.session();
  CLI::App& group = commands.Group("audit", "The verifiable logs of the services");
  auto options = std::make_shared<Options>();
  const auto add_service = [&](CLI::App& command) {
    command.add_option("service", options->service, "Which service's log")
        ->required()
        ->check(CLI::IsMember(ServiceNames()));
  };
  const auto add_key = [&](CLI::App& command) {
    command.add_option("--verifier-key", options->verifier_key,
                       "Key to believe (default: the one seen first)");
  };
  CLI::App& verify = commands.Add(
      group, "verify",
      "Read whole logs and compare with what was signed, now and when last verified here; or check "
      "a bundle, offline",
      "sockel audit verify efile\n  sockel audit verify --bundle entries.json --verifier-key …",
      [&session, options] { return Verify(session, *options); });
  verify.add_option("service", options->services, "Services (default: all)")
      ->check(CLI::IsMember(ServiceNames()));
  verify.add_option("--bundle", options->bundle, "File from `audit export`; needs no service");
  add_key(verify);
  CLI::App& list = commands.Add(group, "list", "List entries, oldest first",
                                "sockel audit list efile --resource tenants/smi/dossiers/0190…",
                                [&session, options] { return List(session, *options); });
  add_service(list);
  list.add_option("--resource", options->resource, "Only this resource and what lies below it");
  list.add_option("--limit", options->limit, "At most so many; 0 = all")->capture_default_str();
  CLI::App& checkpoint = commands.Add(
      group, "checkpoint", "Show the newest signed checkpoint", "sockel audit checkpoint efile",
      [&session, options] { return Checkpoint(session, *options); });
  add_service(checkpoint);
  add_key(checkpoint);
  CLI::App& bundle =
      commands.Add(group, "export", "Write entries with proofs, to be checked offline",
                   "sockel audit export efile --resource tenants/smi/dossiers/0190… --out log.json",
                   [&session, options] { return Export(session, *options); });
  add_service(bundle);
  bundle.add_option("--resource", options->resource, "Only this resource and what lies below it");
  bundle.add_option("--out", options->output, "File to write")->required();
  add_key(bundle);
}

}  // namespace sockel::cli
