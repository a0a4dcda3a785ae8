#pragma once

#include <string>
#include <string_view>

#include "common/pg/database.h"

namespace sockel::ledger {

struct PendingEntry {
  std::string tenant;
  std::string leaf;  // serialised AuditEntry
  std::string resource;
};

// Puts the entry into the queue with the transaction's COMMIT.
void InsertPendingAtCommit(pg::WriteTransaction& tx, const PendingEntry& entry);

}  // namespace sockel::ledger
