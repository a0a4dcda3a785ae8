#include "common/ledger/pending_store.h"

namespace sockel::ledger {
namespace {

constexpr pg::Query kInsert{"ledger_append",
                            "INSERT INTO ledger_pending (tenant_id, leaf, resource, time) "
                            "VALUES ($1, $2, $3, $4)"};

}  // namespace

void InsertPendingAtCommit(pg::WriteTransaction& tx, const PendingEntry& entry) {
  tx.ExecAtCommit(kInsert, entry.tenant, pg::Bytes{entry.leaf}, entry.resource, tx.time());
}

}  // namespace sockel::ledger
