#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/pg/database.h"

namespace sockel::ledger {

struct PendingEntry {
  std::string tenant;
  std::string leaf;  // serialised AuditEntry
  std::string resource;
};

// Puts the entry into the queue with the transaction's COMMIT.
void InsertPendingAtCommit(pg::WriteTransaction& tx, const PendingEntry& entry);
void InsertPendingAtCommit(pg::WriteTransaction& tx, const std::vector<PendingEntry>& entries);

}  // namespace sockel::ledger
