#pragma once

#include <map>
#include <string>

#include "common/pg/database.h"

namespace sockel::events {

struct NewEvent {
  std::string type;      // `efile.dossier.closed`
  std::string resource;  // resource name
  std::map<std::string, std::string> attributes;
};

// Publishes the event when, and only when, the transaction commits. No extra
// round trip.
void Emit(pg::WriteTransaction& tx, const NewEvent& event);

}  // namespace sockel::events
