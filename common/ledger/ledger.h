#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/pg/database.h"
#include "common/pg/migrate.h"

namespace sockel::ledger {

// What the use case says about a change; id, time, actor, tenant, action
// (caller.permission unless given) and trace id are taken from the transaction.
struct Record {
  // Resource name of what was changed or read.
  std::string resource;
  // Particulars: hashes, old and new states. Names of resources, no other
  // personal data.
  std::map<std::string, std::string> details;
  // Only for system work: the action, `notification.deliveries.sent`.
  std::string action;
};

// Adds an entry to the tenant's verifiable log, in this transaction, at no
// extra round trip. It gets its index when the sequencer integrates it.
//
// The log is that of caller.tenant; for work across tenants (`*`) that of the
// tenant in the resource's name, which it then must have (std::invalid_argument
// otherwise: a defect).
void Append(pg::WriteTransaction& tx, const Record& record);

// The same for many at once, in one statement and in their order.
void AppendAll(pg::WriteTransaction& tx, const std::vector<Record>& records);

// Topic of WriteTransaction::SignalAfterCommit: wake the sequencer.
inline constexpr std::string_view kSignalTopic = "ledger";

// The tables of the ledger.
std::vector<pg::Migration> Migrations();

}  // namespace sockel::ledger
