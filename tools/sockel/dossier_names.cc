#include "tools/sockel/dossier_names.h"

#include "absl/strings/str_cat.h"
#include "sockel/efile/v1/dossier.grpc.pb.h"

namespace sockel::cli {

using efile::v1::DossierService;

absl::StatusOr<std::string> ResolveDossier(Session& session, const std::string& dossier) {
  if (dossier.rfind("tenants/", 0) == 0) return dossier;
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant;
  if (dossier.find('/') == std::string::npos) return absl::StrCat(*tenant, "/dossiers/", dossier);
  efile::v1::ListDossiersRequest request;
  request.set_parent(*tenant);
  request.set_reference(dossier);
  auto found = session.Call<DossierService>(&DossierService::Stub::ListDossiers, request);
  if (!found.ok()) return found.status();
  if (found->dossiers_size() != 1) {
    return absl::NotFoundError(absl::StrCat("no dossier has the reference ", dossier));
  }
  return found->dossiers(0).name();
}

}  // namespace sockel::cli
