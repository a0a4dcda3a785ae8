#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sockel/audit/v1/audit.pb.h"
#include "tools/sockel/evidence/manifest.h"

namespace sockel::cli {

// What the log says of one dossier. Read from the leaves, which are what is
// proven; not from what the bundle says that they say.
struct DossierRecord {
  std::optional<audit::v1::AuditEntry> opened;
  std::optional<audit::v1::AuditEntry> closed;
  std::map<std::string, audit::v1::AuditEntry> filed;  // by the document's name
  std::set<std::string> documents;                     // that any entry is about

  // Whether the log tells how many documents there are: once it is closed.
  bool TellsNumber() const;
};

// DATA_LOSS: an entry that cannot be read, is there twice, or is about anything
// but the dossier `name` and its documents.
absl::StatusOr<DossierRecord> ReadRecord(const audit::v1::EvidenceBundle& bundle,
                                         const std::string& name);

// Whether the manifest says what the log says, as far as the log says anything:
// nothing more, nothing less, nothing else. DATA_LOSS names what differs.
absl::Status Compare(const Manifest& manifest, const DossierRecord& record);

}  // namespace sockel::cli
