#include "tools/sockel/evidence/export.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sockel/efile/v1/document.grpc.pb.h"
#include "sockel/efile/v1/dossier.grpc.pb.h"
#include "tools/sockel/audit/log_client.h"
#include "tools/sockel/evidence/manifest.h"
#include "tools/sockel/evidence/record.h"
#include "tools/sockel/evidence/zip_file.h"
#include "tools/sockel/local_file.h"
#include "tools/sockel/polling.h"
#include "tools/sockel/scratch_folder.h"
#include "tools/sockel/transfer/download.h"

namespace sockel::cli {
namespace {

namespace fs = std::filesystem;
using audit::v1::EvidenceBundle;
using efile::v1::DocumentService;
using efile::v1::DossierService;

constexpr char kReadme[] =
    "Evidence of one dossier, exported from Sockel.\n"
    "\n"
    "manifest.json  the dossier and its documents\n"
    "documents/     the documents themselves\n"
    "audit.json     entries of the audit log about them, each with the proof that it is in the\n"
    "               log, and the signed checkpoint of that log\n"
    "\n"
    "Check it without any service:\n"
    "\n"
    "    sockel evidence verify FILE.zip --verifier-key KEY\n"
    "\n"
    "where KEY is the verifier key of the log. You must have it from another source than this\n"
    "file: anybody can sign a file like this with a key of their own. Or by hand: the leaves in\n"
    "audit.json are hashed as RFC 6962 says, the checkpoint is a C2SP signed note. An entry\n"
    "efile.documents.create has the SHA-256 of the document in its details, the entry\n"
    "efile.dossiers.close the number of documents.\n"
    "\n"
    "Proven are the documents' bytes, who filed them and when, and, of a closed dossier, that\n"
    "none is missing. Not proven are subjects, senders, recipients, dates and file names: they\n"
    "are what the service showed when this file was made.\n";

absl::StatusOr<Manifest> Describe(Session& session, const std::string& name) {
  Manifest manifest;
  efile::v1::GetDossierRequest get;
  get.set_name(name);
  auto dossier = session.Call<DossierService>(&DossierService::Stub::GetDossier, get);
  if (!dossier.ok()) return dossier.status();
  manifest.dossier = *dossier;
  efile::v1::ListDocumentsRequest list;
  list.set_parent(name);
  auto documents = session.List<DocumentService>(&DocumentService::Stub::ListDocuments, list);
  if (!documents.ok()) return documents.status();
  int number = 0;
  for (const auto& document : documents->documents()) {
    manifest.documents.push_back(
        {absl::StrFormat("documents/%04d-%s", ++number, SafeFileName(document)), document});
  }
  return manifest;
}

absl::Status FetchDocuments(Session& session, const Manifest& manifest, const fs::path& folder) {
  auto stub = session.Stub<DocumentService>();
  if (!stub.ok()) return stub.status();
  std::int64_t bytes = 0;
  for (const auto& entry : manifest.documents) bytes += entry.document.content().size();
  std::error_code error;
  if (!fs::create_directory(folder / "documents", error)) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot write in ", folder.string(), ": ", error.message()));
  }
  Progress progress(bytes, static_cast<std::int64_t>(manifest.documents.size()));
  for (const auto& entry : manifest.documents) {
    const absl::Status status = Download(session.caller(), **stub, entry.document,
                                         folder / entry.file, progress, session.clock());
    if (!status.ok()) return status;
    progress.FileDone(entry.file);
  }
  return absl::OkStatus();
}

// Entries reach the log a moment after the change.
bool IsUpToDate(const EvidenceBundle& bundle, const Manifest& manifest) {
  const absl::StatusOr<DossierRecord> record = ReadRecord(bundle, manifest.dossier.name());
  if (!record.ok()) return true;  // waiting does not mend it
  for (const auto& entry : manifest.documents) {
    if (record->filed.count(entry.document.name()) == 0) return false;
  }
  const bool closed = manifest.dossier.state() == efile::v1::Dossier::CLOSED;
  return record->opened.has_value() && (!closed || record->closed.has_value());
}

absl::StatusOr<EvidenceBundle> FetchEntries(Session& session, const Manifest& manifest) {
  const std::string& name = manifest.dossier.name();
  LogClient log(session, "efile", name.substr(0, name.find('/', 8)), "");
  return Poll<EvidenceBundle>(
      absl::Seconds(30), [&] { return log.Export(name); },
      [&](const EvidenceBundle& bundle) { return IsUpToDate(bundle, manifest); });
}

// What would be refused later is not written.
absl::Status CheckAgainstLog(Session& session, const Manifest& manifest,
                             const EvidenceBundle& bundle) {
  const absl::StatusOr<DossierRecord> record = ReadRecord(bundle, manifest.dossier.name());
  const absl::Status same = record.ok() ? Compare(manifest, *record) : record.status();
  if (same.ok()) return same;
  absl::StatusOr<Manifest> now = Describe(session, manifest.dossier.name());
  if (!now.ok()) return now.status();
  if (ToJson(*now) == ToJson(manifest)) return same;
  return absl::AbortedError("the dossier was changed while it was exported: export it again");
}

absl::Status WriteZip(const Manifest& manifest, const EvidenceBundle& bundle,
                      const fs::path& scratch, const fs::path& target) {
  absl::StatusOr<ZipWriter> zip = ZipWriter::Create(target);
  if (!zip.ok()) return zip.status();
  absl::Status status = zip->AddText(kReadmeName, kReadme);
  if (status.ok()) status = zip->AddText(kManifestName, ToJson(manifest));
  if (status.ok()) status = zip->AddText(kAuditName, RenderJson(bundle));
  for (const auto& entry : manifest.documents) {
    if (status.ok()) status = zip->AddFile(entry.file, scratch / entry.file);
  }
  return status.ok() ? zip->Finish() : status;
}

}  // namespace

absl::StatusOr<Exported> ExportEvidence(Session& session, const std::string& dossier,
                                        const fs::path& target) {
  absl::Status status = CheckFree(target);
  if (!status.ok()) return status;
  const ScratchFolder scratch(target.parent_path());
  if (scratch.path().empty()) {
    return CannotWrite(target.parent_path(), scratch.error_number());
  }
  absl::StatusOr<Manifest> manifest = Describe(session, dossier);
  if (!manifest.ok()) return manifest.status();
  status = FetchDocuments(session, *manifest, scratch.path());
  if (!status.ok()) return status;
  absl::StatusOr<EvidenceBundle> bundle = FetchEntries(session, *manifest);
  if (!bundle.ok()) return bundle.status();
  status = CheckAgainstLog(session, *manifest, *bundle);
  if (status.ok()) status = WriteZip(*manifest, *bundle, scratch.path(), target);
  if (!status.ok()) return status;
  return Exported{manifest->documents.size(), bundle->entries_size(),
                  bundle->checkpoint().verifier_key()};
}

}  // namespace sockel::cli
