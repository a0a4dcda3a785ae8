#include "tools/sockel/evidence/check.h"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tools/sockel/evidence/record.h"
#include "tools/sockel/evidence/zip_file.h"
#include "tools/sockel/transfer/hash.h"
#include "tools/sockel/transfer/names.h"

namespace sockel::cli {
namespace {

using audit::v1::EvidenceBundle;

constexpr std::size_t kMostJson = std::size_t{1} << 30;
constexpr std::string_view kFolder = "documents/";

struct Parts {
  Manifest manifest;
  EvidenceBundle bundle;
};

absl::StatusOr<Parts> ReadParts(const ZipReader& zip) {
  absl::StatusOr<std::string> manifest_text = zip.Read(kManifestName, kMostJson);
  if (!manifest_text.ok()) return manifest_text.status();
  absl::StatusOr<Manifest> manifest = ParseManifest(*manifest_text);
  if (!manifest.ok()) return manifest.status();
  absl::StatusOr<std::string> audit_text = zip.Read(kAuditName, kMostJson);
  if (!audit_text.ok()) return audit_text.status();
  absl::StatusOr<EvidenceBundle> bundle = ParseBundle(*audit_text, kAuditName);
  if (!bundle.ok()) return bundle.status();
  return Parts{*std::move(manifest), *std::move(bundle)};
}

// Where unpacking puts a document: in the folder, and nowhere else.
bool IsPlaceOfDocument(const std::string& file) {
  if (file.rfind(kFolder, 0) != 0) return false;
  const std::string name = file.substr(kFolder.size());
  return !name.empty() && name == NameInFolder(name);
}

// A reader sees what is unpacked, not what is in the manifest: both must be the
// same.
absl::Status CheckMembers(const ZipReader& zip, const Manifest& manifest) {
  std::set<std::string> expected = {kReadmeName, kManifestName, kAuditName};
  for (const ManifestDocument& entry : manifest.documents) {
    if (!IsPlaceOfDocument(entry.file)) {
      return absl::DataLossError(absl::StrCat("no document has its place at ", entry.file));
    }
    if (!expected.insert(entry.file).second) {
      return absl::DataLossError(absl::StrCat(entry.file, " is in the manifest twice"));
    }
  }
  for (const std::string& name : zip.Names()) {
    if (expected.erase(name) == 0) {
      return absl::DataLossError(absl::StrCat(name, " does not belong into the file"));
    }
  }
  if (expected.empty()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(*expected.begin(), " is missing"));
}

// `tenants/{tenant}/dossiers/{dossier}`, and of that tenant's log.
absl::Status CheckOrigin(const Manifest& manifest, const ledger::CheckpointBody& checkpoint) {
  const std::string& name = manifest.dossier.name();
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  if (parts.size() == 4 && parts[0] == "tenants" && parts[2] == "dossiers" && !parts[3].empty() &&
      checkpoint.origin == ledger::Origin("efile", parts[1])) {
    return absl::OkStatus();
  }
  return absl::DataLossError(
      absl::StrCat("the log ", checkpoint.origin, " is not that of the dossier \"", name, "\""));
}

absl::Status CheckContent(const ZipReader& zip, const ManifestDocument& entry) {
  Sha256 hash;
  // No more is unpacked than was filed, whatever the file says.
  std::int64_t left = entry.document.content().size();
  const absl::Status read = zip.ForEachPiece(entry.file, [&](std::string_view piece) {
    left -= static_cast<std::int64_t>(piece.size());
    hash.Add(piece);
    return left >= 0;
  });
  if (!read.ok()) {
    return absl::DataLossError(absl::StrCat(entry.file, ": ", read.message()));
  }
  if (left == 0 && hash.Finish() == entry.document.content().sha256()) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat(entry.file, " is not what was filed as ", entry.document.name()));
}

}  // namespace

absl::StatusOr<EvidenceVerdict> CheckEvidence(const std::filesystem::path& path,
                                              const KeyChoice& choice, const LogMemory& memory) {
  absl::StatusOr<ZipReader> zip = ZipReader::Open(path);
  if (!zip.ok()) return zip.status();
  absl::StatusOr<Parts> parts = ReadParts(*zip);
  if (!parts.ok()) return parts.status();
  absl::StatusOr<BundleVerdict> verdict = CheckBundle(parts->bundle, choice, memory);
  if (!verdict.ok()) return verdict.status();
  const Manifest& manifest = parts->manifest;
  absl::Status status = CheckOrigin(manifest, verdict->checkpoint);
  if (!status.ok()) return status;
  absl::StatusOr<DossierRecord> record = ReadRecord(parts->bundle, manifest.dossier.name());
  if (!record.ok()) return record.status();
  status = Compare(manifest, *record);
  if (status.ok()) status = CheckMembers(*zip, manifest);
  for (const ManifestDocument& entry : manifest.documents) {
    if (status.ok()) status = CheckContent(*zip, entry);
  }
  if (!status.ok()) return status;
  return EvidenceVerdict{*verdict, manifest, parts->bundle.entries_size(), record->TellsNumber()};
}

}  // namespace sockel::cli
