#include "services/efile/dossiers/rules.h"

#include <string>

#include "common/error/error.h"

namespace sockel::efile {

absl::CivilDay RetentionEnd(absl::CivilDay closed, int years) {
  const absl::CivilDay end(closed.year() + years, closed.month(), closed.day());
  if (end.month() == closed.month()) return end;
  return absl::CivilDay(absl::CivilMonth(end)) - 1;
}

absl::Status CheckRetention(const v1::Retention& retention, std::string_view path) {
  const std::string prefix(path);
  const bool period = retention.has_unlimited()
                          ? retention.unlimited()
                          : retention.years() >= 1 && retention.years() <= 200;
  if (!period) {
    return error::InvalidField(prefix + ".years", "must be 1 to 200, or `unlimited` be true");
  }
  if (retention.disposition() == v1::Retention::DISPOSITION_UNSPECIFIED) {
    return error::InvalidField(prefix + ".disposition", "must be ARCHIVE, APPRAISE or DESTROY");
  }
  return absl::OkStatus();
}

namespace {

enum class Given { kSetFields, kAllFields };

void TakeAll(const v1::Dossier& from, Given given, v1::Dossier& to) {
  if (given == Given::kAllFields || !from.subject().empty()) to.set_subject(from.subject());
  if (from.confidentiality() != v1::Dossier::CONFIDENTIALITY_UNSPECIFIED) {
    to.set_confidentiality(from.confidentiality());
  } else if (given == Given::kAllFields) {
    to.set_confidentiality(v1::Dossier::INTERNAL);
  }
}

absl::Status TakePath(const std::string& path, const v1::Dossier& from, v1::Dossier& to) {
  if (path == "subject") {
    to.set_subject(from.subject());
  } else if (path == "confidentiality") {
    to.set_confidentiality(from.confidentiality() == v1::Dossier::CONFIDENTIALITY_UNSPECIFIED
                               ? v1::Dossier::INTERNAL
                               : from.confidentiality());
  } else {
    return error::InvalidField("update_mask",
                               "may hold `subject` and `confidentiality`, or only `*`");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ApplyUpdate(const v1::UpdateDossierRequest& request, v1::Dossier& dossier) {
  const auto& paths = request.update_mask().paths();
  if (paths.empty()) {
    TakeAll(request.dossier(), Given::kSetFields, dossier);
  } else if (paths.size() == 1 && paths[0] == "*") {
    TakeAll(request.dossier(), Given::kAllFields, dossier);
  } else {
    for (const std::string& path : paths) {
      absl::Status status = TakePath(path, request.dossier(), dossier);
      if (!status.ok()) return status;
    }
  }
  if (dossier.subject().empty()) {
    return error::InvalidField("dossier.subject", "must not be empty");
  }
  return absl::OkStatus();
}

}  // namespace sockel::efile
