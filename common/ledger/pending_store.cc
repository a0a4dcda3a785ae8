#include "common/ledger/pending_store.h"

namespace sockel::ledger {
namespace {

constexpr pg::Query kInsert{"ledger_append",
                            "INSERT INTO ledger_pending (tenant_id, leaf, resource, time) "
                            "VALUES ($1, $2, $3, $4)"};

// The identity column counts in the order of the rows.
constexpr pg::Query kInsertAll{"ledger_append_all",
                               "INSERT INTO ledger_pending (tenant_id, leaf, resource, time) "
                               "SELECT e.tenant_id, e.leaf, e.resource, $4 "
                               "FROM unnest($1::text[], $2::bytea[], $3::text[]) "
                               "  WITH ORDINALITY AS e (tenant_id, leaf, resource, number) "
                               "ORDER BY e.number"};

}  // namespace

void InsertPendingAtCommit(pg::WriteTransaction& tx, const std::vector<PendingEntry>& entries) {
  std::vector<std::string> tenants;
  std::vector<pg::Bytes> leaves;
  std::vector<std::string> resources;
  for (const PendingEntry& entry : entries) {
    tenants.push_back(entry.tenant);
    leaves.push_back(pg::Bytes{entry.leaf});
    resources.push_back(entry.resource);
  }
  tx.ExecAtCommit(kInsertAll, tenants, leaves, resources, tx.time());
}

void InsertPendingAtCommit(pg::WriteTransaction& tx, const PendingEntry& entry) {
  tx.ExecAtCommit(kInsert, entry.tenant, pg::Bytes{entry.leaf}, entry.resource, tx.time());
}

}  // namespace sockel::ledger
