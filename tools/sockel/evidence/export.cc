#include "tools/sockel/evidence/export.h"

#include <cstdlib>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sockel/efile/v1/document.grpc.pb.h"
#include "sockel/efile/v1/dossier.grpc.pb.h"
#include "tools/sockel/audit/log_client.h"
#include "tools/sockel/evidence/manifest.h"
#include "tools/sockel/evidence/zip_file.h"
#include "tools/sockel/polling.h"
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
    "where KEY is the verifier key of the log, which you should have from another source than\n"
    "this file. Or by hand: the leaves in audit.json are hashed as RFC 6962 says, the checkpoint\n"
    "is a C2SP signed note, and an entry with the action efile.documents.create has the SHA-256\n"
    "of the document in its details.\n";

// A folder that is gone when the work is done.
class ScratchFolder {
 public:
  explicit ScratchFolder(const fs::path& beside) {
    std::string pattern = (beside.parent_path() / ".sockel-evidence-XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~ScratchFolder() {
    std::error_code error;
    if (!path_.empty()) fs::remove_all(path_, error);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

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
  fs::create_directories(folder / "documents");
  Progress progress(bytes, static_cast<std::int64_t>(manifest.documents.size()));
  for (const auto& entry : manifest.documents) {
    const absl::Status status = Download(**stub, entry.document, folder / entry.file, progress);
    if (!status.ok()) return status;
    progress.FileDone(entry.file);
  }
  return absl::OkStatus();
}

// Whether the log speaks of every document already: entries reach it a moment
// after the change.
bool IsComplete(const EvidenceBundle& bundle, const Manifest& manifest) {
  std::set<std::string> recorded;
  for (const auto& proven : bundle.entries()) recorded.insert(proven.entry().entry().resource());
  for (const auto& entry : manifest.documents) {
    if (recorded.count(entry.document.name()) == 0) return false;
  }
  return recorded.count(manifest.dossier.name()) != 0;
}

absl::StatusOr<EvidenceBundle> FetchEntries(Session& session, const Manifest& manifest) {
  const std::string& name = manifest.dossier.name();
  LogClient log(session, "efile", name.substr(0, name.find('/', 8)), "");
  return Poll<EvidenceBundle>(
      absl::Seconds(30), [&] { return log.Export(name); },
      [&](const EvidenceBundle& bundle) { return IsComplete(bundle, manifest); });
}

}  // namespace

absl::Status ExportEvidence(Session& session, const std::string& dossier, const fs::path& target) {
  if (fs::exists(target)) {
    return absl::AlreadyExistsError(absl::StrCat(target.string(), " exists already"));
  }
  const ScratchFolder scratch(target);
  if (scratch.path().empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot write in ", target.parent_path().string()));
  }
  absl::StatusOr<Manifest> manifest = Describe(session, dossier);
  if (!manifest.ok()) return manifest.status();
  absl::Status status = FetchDocuments(session, *manifest, scratch.path());
  if (!status.ok()) return status;
  absl::StatusOr<EvidenceBundle> bundle = FetchEntries(session, *manifest);
  if (!bundle.ok()) return bundle.status();

  absl::StatusOr<ZipWriter> zip = ZipWriter::Create(target);
  if (!zip.ok()) return zip.status();
  status = zip->AddText(kReadmeName, kReadme);
  if (status.ok()) status = zip->AddText(kManifestName, ToJson(*manifest));
  if (status.ok()) status = zip->AddText(kAuditName, RenderJson(*bundle));
  for (const auto& entry : manifest->documents) {
    if (status.ok()) status = zip->AddFile(entry.file, scratch.path() / entry.file);
  }
  if (status.ok()) status = zip->Finish();
  if (!status.ok()) return status;
  session.Say(absl::StrCat(target.string(), ": ", manifest->documents.size(), " documents, ",
                           bundle->entries_size(),
                           " log entries. Check it with: sockel evidence "
                           "verify ",
                           target.filename().string()));
  return absl::OkStatus();
}

}  // namespace sockel::cli
