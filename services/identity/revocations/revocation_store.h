#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/pg/database.h"

// Revocations are read by transaction, not by time or serial number, so that
// none is missed whose transaction commits late, and none waits for somebody
// else's long transaction: a reader takes every row whose transaction is not
// older than the watermark of its previous read, and skips those it has.
namespace sockel::identity::revocation_store {

struct Row {
  std::string id;
  std::string subject;
  absl::Time revoke_time;
  absl::Time expire_time;
  uint64_t transaction = 0;
};

struct Batch {
  std::vector<Row> rows;
  // Every transaction below it has ended: the next read begins here.
  uint64_t watermark = 0;
};

// Sent with the commit; wakes the feeds of all replicas.
void Insert(pg::WriteTransaction& tx, std::string_view id, std::string_view subject,
            absl::Time revoke_time, absl::Time expire_time);

// Those of transaction `from` and later that still matter at `now`. The caller
// works in all tenants.
Batch ReadFrom(pg::Transaction& tx, uint64_t from, absl::Time now);

// Drops what no longer matters.
void DeleteExpired(pg::WriteTransaction& tx, absl::Time now);

inline constexpr char kChannel[] = "identity_revocations";

}  // namespace sockel::identity::revocation_store
