#include "services/efile/names.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/ids/ids.h"

namespace sockel::efile {
namespace {

std::string Join(std::initializer_list<std::string_view> parts) {
  std::string joined;
  for (std::string_view part : parts) joined.append(part);
  return joined;
}

// The ids of `tenants/{caller.tenant}/{collections[0]}/{id}/…`.
std::optional<std::vector<std::string>> IdsIn(const Caller& caller, std::string_view name,
                                              std::initializer_list<std::string_view> collections) {
  const std::vector<std::string> parts =
      absl::StrSplit(absl::string_view(name.data(), name.size()), '/');
  if (parts.size() != 2 + 2 * collections.size()) return std::nullopt;
  if (parts[0] != "tenants" || parts[1] != caller.tenant) return std::nullopt;
  std::vector<std::string> ids;
  std::size_t at = 2;
  for (std::string_view collection : collections) {
    if (parts[at] != collection || parts[at + 1].empty()) return std::nullopt;
    ids.push_back(parts[at + 1]);
    at += 2;
  }
  return ids;
}

std::optional<std::vector<std::string>> UuidsIn(
    const Caller& caller, std::string_view name,
    std::initializer_list<std::string_view> collections) {
  auto ids = IdsIn(caller, name, collections);
  if (!ids) return std::nullopt;
  for (std::string& id : *ids) {
    if (!ids::IsUuid(id)) return std::nullopt;
    absl::AsciiStrToLower(&id);
  }
  return ids;
}

}  // namespace

std::string FilePlanEntryName(std::string_view tenant, std::string_view code) {
  return Join({"tenants/", tenant, "/filePlanEntries/", code});
}

std::string DossierName(std::string_view tenant, std::string_view dossier_id) {
  return Join({"tenants/", tenant, "/dossiers/", dossier_id});
}

std::string DocumentName(std::string_view tenant, std::string_view dossier_id,
                         std::string_view document_id) {
  return Join({"tenants/", tenant, "/dossiers/", dossier_id, "/documents/", document_id});
}

std::string UploadName(std::string_view tenant, std::string_view upload_id) {
  return Join({"tenants/", tenant, "/uploads/", upload_id});
}

std::optional<std::string> FilePlanCodeIn(const Caller& caller, std::string_view name) {
  auto ids = IdsIn(caller, name, {"filePlanEntries"});
  if (!ids) return std::nullopt;
  return (*ids)[0];
}

std::optional<std::string> DossierIdIn(const Caller& caller, std::string_view name) {
  auto ids = UuidsIn(caller, name, {"dossiers"});
  if (!ids) return std::nullopt;
  return (*ids)[0];
}

std::optional<DocumentKey> DocumentKeyIn(const Caller& caller, std::string_view name) {
  auto ids = UuidsIn(caller, name, {"dossiers", "documents"});
  if (!ids) return std::nullopt;
  return DocumentKey{(*ids)[0], (*ids)[1]};
}

std::optional<std::string> UploadIdIn(const Caller& caller, std::string_view name) {
  auto ids = UuidsIn(caller, name, {"uploads"});
  if (!ids) return std::nullopt;
  return (*ids)[0];
}

}  // namespace sockel::efile
