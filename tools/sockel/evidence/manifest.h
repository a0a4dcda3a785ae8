#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sockel/efile/v1/document.pb.h"
#include "sockel/efile/v1/dossier.pb.h"

// The form of an evidence file, version 1. A ZIP file with
//   manifest.json   {"format": "sockel-evidence-1", "dossier": Dossier,
//                    "documents": [{"file": "documents/…", "document": Document}]}
//   audit.json      sockel.audit.v1.EvidenceBundle
//   documents/…     the documents' bytes
//   README.txt      how to check it
// where messages are protobuf JSON with the names of the .proto files.
namespace sockel::cli {

inline constexpr char kManifestName[] = "manifest.json";
inline constexpr char kAuditName[] = "audit.json";
inline constexpr char kReadmeName[] = "README.txt";

struct ManifestDocument {
  std::string file;
  efile::v1::Document document;
};

struct Manifest {
  efile::v1::Dossier dossier;
  std::vector<ManifestDocument> documents;
};

std::string ToJson(const Manifest& manifest);
// INVALID_ARGUMENT says what is wrong.
absl::StatusOr<Manifest> ParseManifest(const std::string& json);

}  // namespace sockel::cli
