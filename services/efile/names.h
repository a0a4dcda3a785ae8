#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/caller/caller.h"

// Resource names of the e-file, made and taken apart.
namespace sockel::efile {

std::string FilePlanEntryName(std::string_view tenant, std::string_view code);
std::string DossierName(std::string_view tenant, std::string_view dossier_id);
std::string DocumentName(std::string_view tenant, std::string_view dossier_id,
                         std::string_view document_id);
std::string UploadName(std::string_view tenant, std::string_view upload_id);

struct DocumentKey {
  std::string dossier_id;
  std::string document_id;
};

// The ids in a name of this kind in the caller's tenant; nothing for any other
// text, so that it is as good as not there. UUIDs come in lower case.
std::optional<std::string> FilePlanCodeIn(const Caller& caller, std::string_view name);
std::optional<std::string> DossierIdIn(const Caller& caller, std::string_view name);
std::optional<DocumentKey> DocumentKeyIn(const Caller& caller, std::string_view name);
std::optional<std::string> UploadIdIn(const Caller& caller, std::string_view name);

}  // namespace sockel::efile
