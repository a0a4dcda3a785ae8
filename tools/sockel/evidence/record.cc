#include "tools/sockel/evidence/record.h"

#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/ids/ids.h"

namespace sockel::cli {
namespace {

using audit::v1::AuditEntry;
using google::protobuf::Timestamp;

// Actions, as services/efile records them, and the details it adds.
constexpr char kOpened[] = "efile.dossiers.create";
constexpr char kClosed[] = "efile.dossiers.close";
constexpr char kFiled[] = "efile.documents.create";
constexpr char kReference[] = "reference";
constexpr char kDocuments[] = "documents";
constexpr char kSha256[] = "sha256";
constexpr char kSize[] = "size";

std::string Detail(const AuditEntry& entry, const char* key) {
  const auto found = entry.details().find(key);
  return found == entry.details().end() ? std::string() : found->second;
}

bool IsDocumentOf(const std::string& resource, const std::string& dossier) {
  const std::string folder = dossier + "/documents/";
  return resource.size() > folder.size() && resource.rfind(folder, 0) == 0 &&
         resource.find('/', folder.size()) == std::string::npos;
}

absl::Status Twice(const AuditEntry& entry) {
  return absl::DataLossError(
      absl::StrCat("the file holds two entries ", entry.action(), " about ", entry.resource()));
}

absl::Status TakeOfDossier(AuditEntry entry, DossierRecord& record) {
  const bool opens = entry.action() == kOpened;
  if (!opens && entry.action() != kClosed) return absl::OkStatus();
  std::optional<AuditEntry>& place = opens ? record.opened : record.closed;
  if (place.has_value()) return Twice(entry);
  place = std::move(entry);
  return absl::OkStatus();
}

absl::Status TakeOfDocument(const AuditEntry& entry, DossierRecord& record) {
  record.documents.insert(entry.resource());
  if (entry.action() != kFiled) return absl::OkStatus();
  return record.filed.emplace(entry.resource(), entry).second ? absl::OkStatus() : Twice(entry);
}

bool SameTime(const Timestamp& a, const Timestamp& b) {
  return a.seconds() == b.seconds() && a.nanos() == b.nanos();
}

bool IsBefore(const Timestamp& a, const Timestamp& b) {
  return a.seconds() != b.seconds() ? a.seconds() < b.seconds() : a.nanos() < b.nanos();
}

absl::Status Differs(const std::string& name, const std::string& what) {
  return absl::DataLossError(
      absl::StrCat("the manifest gives ", name, " another ", what, " than the log"));
}

absl::Status CompareNumber(const DossierRecord& record) {
  const std::string counted = Detail(*record.closed, kDocuments);
  if (counted.empty() || counted == std::to_string(record.filed.size())) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the log says that ", counted,
                                          " documents were in the dossier when it was closed; ",
                                          record.filed.size(), " are here"));
}

// When the dossier was closed. Whoever closed it may have begun before the newest
// document was filed, and waited for it: it is closed then.
Timestamp CloseTime(const DossierRecord& record) {
  Timestamp time = record.closed->time();
  for (const auto& [name, filed] : record.filed) {
    if (IsBefore(time, filed.time())) time = filed.time();
  }
  return time;
}

absl::Status CompareDossier(const efile::v1::Dossier& dossier, const DossierRecord& record) {
  const std::string& name = dossier.name();
  if (!record.opened.has_value()) {
    return absl::DataLossError(absl::StrCat("the log does not say that ", name, " was opened"));
  }
  if (dossier.reference() != Detail(*record.opened, kReference)) return Differs(name, "reference");
  if (dossier.creator() != record.opened->actor()) return Differs(name, "creator");
  if (!SameTime(dossier.create_time(), record.opened->time())) return Differs(name, "create_time");
  const bool closed = dossier.state() == efile::v1::Dossier::CLOSED;
  if (closed != record.closed.has_value() || closed != dossier.has_close_time()) {
    return Differs(name, "state");
  }
  if (!closed) return absl::OkStatus();
  if (!SameTime(dossier.close_time(), CloseTime(record))) return Differs(name, "close_time");
  return CompareNumber(record);
}

absl::Status CompareDocument(const efile::v1::Document& document, const AuditEntry& filed) {
  const std::string& name = document.name();
  if (ids::ToHex(document.content().sha256()) != Detail(filed, kSha256)) {
    return Differs(name, "hash");
  }
  if (std::to_string(document.content().size()) != Detail(filed, kSize)) {
    return Differs(name, "size");
  }
  if (document.creator() != filed.actor()) return Differs(name, "creator");
  if (!SameTime(document.create_time(), filed.time())) return Differs(name, "create_time");
  return absl::OkStatus();
}

}  // namespace

bool DossierRecord::TellsNumber() const {
  return closed.has_value() && !Detail(*closed, kDocuments).empty();
}

absl::StatusOr<DossierRecord> ReadRecord(const audit::v1::EvidenceBundle& bundle,
                                         const std::string& name) {
  DossierRecord record;
  std::int64_t last = -1;
  for (const auto& proven : bundle.entries()) {
    const std::int64_t index = proven.entry().index();
    AuditEntry entry;
    if (!entry.ParseFromString(proven.entry().leaf())) {
      return absl::DataLossError(absl::StrCat("entry ", index, " cannot be read"));
    }
    if (index <= last) {
      return absl::DataLossError(
          absl::StrCat("entry ", index, " is there twice, or not in its place"));
    }
    last = index;
    absl::Status taken;
    if (entry.resource() == name) {
      taken = TakeOfDossier(std::move(entry), record);
    } else if (IsDocumentOf(entry.resource(), name)) {
      taken = TakeOfDocument(entry, record);
    } else {
      taken = absl::DataLossError(
          absl::StrCat("entry ", index, " is not about ", name, ", but ", entry.resource()));
    }
    if (!taken.ok()) return taken;
  }
  return record;
}

absl::Status Compare(const Manifest& manifest, const DossierRecord& record) {
  absl::Status same = CompareDossier(manifest.dossier, record);
  if (!same.ok()) return same;
  std::set<std::string> left = record.documents;
  for (const ManifestDocument& entry : manifest.documents) {
    const std::string& name = entry.document.name();
    const auto filed = record.filed.find(name);
    if (filed == record.filed.end()) {
      return absl::DataLossError(absl::StrCat("the log does not say that ", name, " was filed"));
    }
    if (left.erase(name) == 0) {
      return absl::DataLossError(absl::StrCat(name, " is in the manifest twice"));
    }
    same = CompareDocument(entry.document, filed->second);
    if (!same.ok()) return same;
  }
  if (left.empty()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(*left.begin(), " is in the log, but not in the file"));
}

}  // namespace sockel::cli
