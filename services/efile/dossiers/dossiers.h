#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/caller/caller.h"
#include "common/paging/paging.h"
#include "common/pg/database.h"
#include "services/efile/dossiers/dossier_store.h"
#include "services/efile/file_plan/file_plan_store.h"

namespace sockel::efile {

// Use cases of dossiers; errors as documented in dossier.proto.
class Dossiers {
 public:
  // Years of reference numbers and days of retention are those of `zone`.
  Dossiers(pg::Database& db, const paging::Tokens& tokens, absl::TimeZone zone)
      : db_(db), tokens_(tokens), zone_(zone) {}

  absl::StatusOr<v1::Dossier> Create(const Caller& caller, const v1::CreateDossierRequest& request);
  absl::StatusOr<v1::Dossier> Get(const Caller& caller, const v1::GetDossierRequest& request);
  absl::StatusOr<v1::ListDossiersResponse> List(const Caller& caller,
                                                const v1::ListDossiersRequest& request);
  absl::StatusOr<v1::Dossier> Update(const Caller& caller, const v1::UpdateDossierRequest& request);
  absl::StatusOr<v1::Dossier> Close(const Caller& caller, const v1::CloseDossierRequest& request);

 private:
  absl::Status WhyNotCreated(pg::Transaction& tx, const std::string& code,
                             const std::string& entry_name) const;
  absl::Status CheckClosable(pg::Transaction& tx, const std::string& id,
                             const v1::Dossier& dossier) const;
  absl::StatusOr<v1::ListDossiersResponse> ListOne(const Caller& caller,
                                                   const std::string& reference,
                                                   const DossierQuery& query);

  pg::Database& db_;
  const paging::Tokens& tokens_;
  const absl::TimeZone zone_;
  DossierStore store_;
  FilePlanStore file_plan_;
};

// FAILED_PRECONDITION/DOSSIER_CLOSED.
absl::Status DossierClosed(const std::string& name);

}  // namespace sockel::efile
