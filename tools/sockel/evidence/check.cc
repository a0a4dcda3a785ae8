#include "tools/sockel/evidence/check.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "common/ids/ids.h"
#include "tools/sockel/evidence/zip_file.h"
#include "tools/sockel/transfer/hash.h"

namespace sockel::cli {
namespace {

using audit::v1::EvidenceBundle;

constexpr std::size_t kMostJson = std::size_t{1} << 30;
constexpr char kFiled[] = "efile.documents.create";

// SHA-256 in hexadecimal of each document, as the log says it was filed. Read
// from the leaves, which are what is proven.
absl::StatusOr<std::map<std::string, std::string>> FiledHashes(const EvidenceBundle& bundle) {
  std::map<std::string, std::string> hashes;
  for (const auto& proven : bundle.entries()) {
    audit::v1::AuditEntry entry;
    if (!entry.ParseFromString(proven.entry().leaf())) {
      return absl::DataLossError(absl::StrCat("entry ", proven.entry().index(), " cannot be read"));
    }
    const auto hash = entry.details().find("sha256");
    if (entry.action() == kFiled && hash != entry.details().end()) {
      hashes[entry.resource()] = hash->second;
    }
  }
  return hashes;
}

absl::Status CheckDocument(const ZipReader& zip, const ManifestDocument& entry,
                           const std::map<std::string, std::string>& filed) {
  const auto recorded = filed.find(entry.document.name());
  if (recorded == filed.end()) {
    return absl::DataLossError(
        absl::StrCat("the log does not say that ", entry.document.name(), " was filed"));
  }
  Sha256 hash;
  const absl::Status read =
      zip.ForEachPiece(entry.file, [&](std::string_view piece) { hash.Add(piece); });
  if (!read.ok()) {
    return absl::DataLossError(absl::StrCat(entry.file, ": ", std::string(read.message())));
  }
  if (ids::ToHex(hash.Finish()) != recorded->second) {
    return absl::DataLossError(
        absl::StrCat(entry.file, " is not what was filed as ", entry.document.name()));
  }
  if (ids::ToHex(entry.document.content().sha256()) != recorded->second) {
    return absl::DataLossError(
        absl::StrCat("the manifest gives another hash for ", entry.file, " than the log"));
  }
  return absl::OkStatus();
}

// Documents that were filed but are not in the file: it would be incomplete.
absl::Status CheckComplete(const Manifest& manifest,
                           const std::map<std::string, std::string>& filed) {
  std::map<std::string, std::string> left = filed;
  for (const auto& entry : manifest.documents) left.erase(entry.document.name());
  if (left.empty()) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat(left.begin()->first, " was filed, but is not in the file"));
}

}  // namespace

absl::StatusOr<EvidenceVerdict> CheckEvidence(const std::filesystem::path& path,
                                              const std::string& verifier_key,
                                              const ProfileStore& store) {
  absl::StatusOr<ZipReader> zip = ZipReader::Open(path);
  if (!zip.ok()) return zip.status();
  absl::StatusOr<std::string> manifest_text = zip->Read(kManifestName, kMostJson);
  if (!manifest_text.ok()) return manifest_text.status();
  absl::StatusOr<Manifest> manifest = ParseManifest(*manifest_text);
  if (!manifest.ok()) return manifest.status();
  absl::StatusOr<std::string> audit_text = zip->Read(kAuditName, kMostJson);
  if (!audit_text.ok()) return audit_text.status();
  absl::StatusOr<EvidenceBundle> bundle = ParseBundle(*audit_text, kAuditName);
  if (!bundle.ok()) return bundle.status();
  absl::StatusOr<BundleVerdict> verdict = CheckBundle(*bundle, verifier_key, store);
  if (!verdict.ok()) return verdict.status();
  const auto filed = FiledHashes(*bundle);
  if (!filed.ok()) return filed.status();
  for (const ManifestDocument& entry : manifest->documents) {
    if (absl::Status status = CheckDocument(*zip, entry, *filed); !status.ok()) return status;
  }
  if (absl::Status status = CheckComplete(*manifest, *filed); !status.ok()) return status;
  return EvidenceVerdict{*verdict, *manifest, bundle->entries_size()};
}

}  // namespace sockel::cli
