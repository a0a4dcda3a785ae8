#pragma once

#include <string>

#include "tools/sockel/evidence/check.h"

// What a successful check proves, and what it does not: a verdict that says less
// would be taken for more.
namespace sockel::cli {

// For people, several lines.
std::string EvidenceText(const EvidenceVerdict& verdict);
// For programs, one line. `proven` and `not_proven` are lists of fields of the
// dossier, of its documents and of the log.
std::string EvidenceJson(const EvidenceVerdict& verdict);

}  // namespace sockel::cli
