#include "tools/sockel/evidence/report.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"

namespace sockel::cli {
namespace {

using nlohmann::json;

bool IsClosed(const EvidenceVerdict& verdict) {
  return verdict.manifest.dossier.state() == efile::v1::Dossier::CLOSED;
}

std::vector<std::string> Proven(const EvidenceVerdict& verdict) {
  std::vector<std::string> fields = {
      "dossier.name",      "dossier.reference",     "dossier.creator",   "dossier.create_time",
      "documents.content", "documents.create_time", "documents.creator", "documents.name"};
  if (IsClosed(verdict)) {
    fields.emplace_back("dossier.state");
    fields.emplace_back("dossier.close_time");
  }
  if (verdict.complete) fields.emplace_back("documents.number");
  return fields;
}

std::vector<std::string> NotProven(const EvidenceVerdict& verdict) {
  std::vector<std::string> fields = {"dossier.subject",
                                     "dossier.confidentiality",
                                     "dossier.retention",
                                     "documents.subject",
                                     "documents.document_type",
                                     "documents.document_date",
                                     "documents.receive_date",
                                     "documents.send_date",
                                     "documents.sender",
                                     "documents.recipients",
                                     "documents.foreign_reference",
                                     "documents.file_name",
                                     "documents.content.media_type",
                                     "log.further_entries"};
  if (!IsClosed(verdict)) fields.emplace_back("dossier.state");
  if (!verdict.complete) fields.emplace_back("documents.number");
  if (!verdict.log.KeyConfirmed()) fields.emplace_back("log.verifier_key");
  return fields;
}

std::string NumberText(const EvidenceVerdict& verdict) {
  return verdict.complete ? "  that no document is missing: the log counted them at the closing\n"
                          : "";
}

std::string MissingText(const EvidenceVerdict& verdict) {
  if (verdict.complete) return "";
  return IsClosed(verdict)
             ? "  that no document is missing: the log does not say how many there are\n"
             : "  that no document is missing: the dossier was open when this was made\n";
}

std::string KeyText(const BundleVerdict& log) {
  switch (log.key_source) {
    case KeySource::kGiven:
      return "The key was given with --verifier-key.";
    case KeySource::kRemembered:
      return "The key is the one that this machine verified the log with.";
    case KeySource::kFile:
      break;
  }
  return absl::StrCat(
      "ALL THIS ONLY IF THE KEY IS THE LOG'S: it was taken from the file, as you asked. Compare it "
      "with one you got by another way:\n  ",
      log.verifier_key);
}

}  // namespace

std::string EvidenceText(const EvidenceVerdict& verdict) {
  const efile::v1::Dossier& dossier = verdict.manifest.dossier;
  return absl::StrCat(
      "Dossier ", dossier.reference(), ", ", dossier.name(), "\nProven by ", verdict.entries,
      " entries of the signed log ", verdict.log.checkpoint.origin, ":\n",
      "  who opened it when, under this reference",
      IsClosed(verdict) ? "; that it was closed, and when\n" : "\n", "  ",
      verdict.manifest.documents.size(), " documents: every byte; who filed each, and when\n",
      NumberText(verdict), "Not proven:\n",
      "  subjects, kinds, dates, senders, recipients, file names: they are as the service showed "
      "them\n",
      MissingText(verdict), "  that the log has no further entries about it, such as readings\n",
      KeyText(verdict.log), "\n");
}

std::string EvidenceJson(const EvidenceVerdict& verdict) {
  const BundleVerdict& log = verdict.log;
  const json tree = {{"verified", true},
                     {"dossier", verdict.manifest.dossier.name()},
                     {"reference", verdict.manifest.dossier.reference()},
                     {"documents", verdict.manifest.documents.size()},
                     {"complete", verdict.complete},
                     {"entries", verdict.entries},
                     {"log", log.checkpoint.origin},
                     {"log_entries", log.checkpoint.size},
                     {"verifier_key", log.verifier_key},
                     {"key_source", NameOf(log.key_source)},
                     {"key_confirmed", log.KeyConfirmed()},
                     {"proven", Proven(verdict)},
                     {"not_proven", NotProven(verdict)}};
  return tree.dump();
}

}  // namespace sockel::cli
