#include "common/ledger/refused_store.h"

#include "common/pg/rows.h"

namespace sockel::ledger {
namespace {

// One look at the key for each tenant: what waits in vain grows.
constexpr pg::Query kOldest{"ledger_oldest_pending",
                            "SELECT min(p.time) AS oldest"
                            "  FROM unnest($1::text[]) AS t (tenant_id)"
                            "  CROSS JOIN LATERAL (SELECT o.time FROM ledger_pending o"
                            "                      WHERE o.tenant_id = t.tenant_id"
                            "                      ORDER BY o.xid, o.position LIMIT 1) p"};

}  // namespace

absl::Time OldestPending(pg::WriteTransaction& tx, const std::vector<std::string>& tenants) {
  return pg::GetOptional<absl::Time>(tx.Exec(kOldest, tenants)[0]["oldest"])
      .value_or(absl::InfiniteFuture());
}

}  // namespace sockel::ledger
