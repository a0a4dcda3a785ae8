#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "sockel/efile/v1/dossier.pb.h"
#include "sockel/efile/v1/retention.pb.h"

// Rules of dossiers that need nothing but their arguments.
namespace sockel::efile {

// The last day of a period of years that begins on `closed`. Where the day
// does not exist in that year (29 February), the last day of the month (§ 188
// (3) BGB).
absl::CivilDay RetentionEnd(absl::CivilDay closed, int years);

// INVALID_ARGUMENT naming the field below `path` unless the period is 1 to 200
// years or unlimited, with a disposition.
absl::Status CheckRetention(const v1::Retention& retention, std::string_view path);

// Takes subject and confidentiality over from the request as AIP-134 wants it:
// an absent mask means the fields that are set, `*` all. INVALID_ARGUMENT for
// a path that does not exist or cannot be changed, and for an empty subject.
absl::Status ApplyUpdate(const v1::UpdateDossierRequest& request, v1::Dossier& dossier);

}  // namespace sockel::efile
