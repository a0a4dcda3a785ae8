#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/pg/database.h"
#include "common/pg/migrate.h"

namespace sockel::events {

struct NewEvent {
  std::string type;      // `efile.dossier.closed`
  std::string resource;  // resource name
  std::map<std::string, std::string> attributes;
};

// Publishes the event when, and only when, the transaction commits. No extra
// round trip. To the watchers of caller.tenant; for work across tenants (`*`)
// to those of the tenant in the resource's name, which it then must have
// (std::invalid_argument otherwise: a defect).
void Emit(pg::WriteTransaction& tx, const NewEvent& event);

// The same for many at once, in one statement and in their order.
void EmitAll(pg::WriteTransaction& tx, const std::vector<NewEvent>& events);

// Topic of WriteTransaction::SignalAfterCommit: wake the watchers, here and in
// other processes (see announcer.h).
inline constexpr std::string_view kSignalTopic = "events";

// The table of events.
std::vector<pg::Migration> Migrations();

}  // namespace sockel::events
