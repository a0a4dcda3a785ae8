#include "common/events/events.h"

#include <set>

#include "absl/types/span.h"
#include "common/caller/tenant_of.h"
#include "common/embed/embedded_file.h"
#include "common/events/event_store.h"
#include "common/ids/ids.h"

namespace sockel::events {

absl::Span<const EmbeddedFile> MigrationFiles();  // made by sockel_embed()

void Emit(pg::WriteTransaction& tx, const NewEvent& event) {
  const std::string tenant = RecordingTenant(tx.caller(), event.resource);
  InsertAtCommit(tx, tenant, ids::NewUuidV7(tx.time()), event);
  tx.SignalAfterCommit(kSignalTopic, tenant);
}

void EmitAll(pg::WriteTransaction& tx, const std::vector<NewEvent>& events) {
  std::vector<std::string> tenants;
  std::vector<std::string> ids;
  for (const NewEvent& event : events) {
    tenants.push_back(RecordingTenant(tx.caller(), event.resource));
    ids.push_back(ids::NewUuidV7(tx.time()));
  }
  if (!events.empty()) InsertAllAtCommit(tx, tenants, ids, events);
  for (const std::string& tenant : std::set<std::string>(tenants.begin(), tenants.end())) {
    tx.SignalAfterCommit(kSignalTopic, tenant);
  }
}

std::vector<pg::Migration> Migrations() { return pg::MigrationsFrom("events", MigrationFiles()); }

}  // namespace sockel::events
