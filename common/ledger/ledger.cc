#include "common/ledger/ledger.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <set>
#include <string>
#include <utility>

#include "absl/types/span.h"
#include "common/caller/tenant_of.h"
#include "common/clock/timestamp.h"
#include "common/embed/embedded_file.h"
#include "common/ids/ids.h"
#include "common/ledger/pending_store.h"
#include "sockel/audit/v1/audit.pb.h"

namespace sockel::ledger {

absl::Span<const EmbeddedFile> MigrationFiles();  // made by sockel_embed()

namespace {

// Map fields in key order: the same entry gives the same bytes.
std::string Serialize(const audit::v1::AuditEntry& entry) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  {
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    entry.SerializeToCodedStream(&coded);
  }
  return bytes;
}

PendingEntry ToEntry(const pg::WriteTransaction& tx, const Record& record) {
  const Caller& caller = tx.caller();
  PendingEntry pending;
  pending.tenant = RecordingTenant(caller, record.resource);
  pending.resource = record.resource;

  audit::v1::AuditEntry entry;
  entry.set_id(ids::NewUuidV7(tx.time()));
  entry.set_tenant("tenants/" + pending.tenant);
  *entry.mutable_time() = ToTimestamp(tx.time());
  entry.set_actor(caller.subject);
  entry.set_on_behalf_of(caller.on_behalf_of);
  entry.set_action(record.action.empty() ? caller.permission : record.action);
  entry.set_resource(record.resource);
  entry.mutable_details()->insert(record.details.begin(), record.details.end());
  entry.set_trace_id(caller.trace_id);
  pending.leaf = Serialize(entry);
  return pending;
}

}  // namespace

void Append(pg::WriteTransaction& tx, const Record& record) {
  const PendingEntry entry = ToEntry(tx, record);
  InsertPendingAtCommit(tx, entry);
  tx.SignalAfterCommit(kSignalTopic, entry.tenant);
}

void AppendAll(pg::WriteTransaction& tx, const std::vector<Record>& records) {
  std::vector<PendingEntry> entries;
  std::set<std::string> tenants;
  for (const Record& record : records) {
    entries.push_back(ToEntry(tx, record));
    tenants.insert(entries.back().tenant);
  }
  if (!entries.empty()) InsertPendingAtCommit(tx, entries);
  for (const std::string& tenant : tenants) tx.SignalAfterCommit(kSignalTopic, tenant);
}

std::vector<pg::Migration> Migrations() { return pg::MigrationsFrom("ledger", MigrationFiles()); }

}  // namespace sockel::ledger
