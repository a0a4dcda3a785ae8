#include "services/identity/revocations/token_gate_store.h"

#include "common/pg/rows.h"

namespace sockel::identity::token_gate_store {
namespace {

// What is read in the statements after these has waited, too: each of them sees
// what was committed before it began.
#define GATE "hashtextextended('identity.tokens/' || $1, 0)"

constexpr pg::Query kEnter{"identity.token_gate.enter",
                           "SELECT clock_timestamp() FROM"
                           " (SELECT pg_advisory_xact_lock_shared(" GATE ") OFFSET 0) AS entered"};
constexpr pg::Query kClose{"identity.token_gate.close", "SELECT pg_advisory_xact_lock(" GATE ")"};
constexpr pg::Query kNow{"identity.token_gate.now", "SELECT clock_timestamp()"};

#undef GATE

}  // namespace

absl::Time Enter(pg::WriteTransaction& tx) {
  return pg::GetTime(tx.Exec(kEnter, tx.caller().tenant)[0][0]);
}

void Close(pg::WriteTransaction& tx) { tx.Exec(kClose, tx.caller().tenant); }

absl::Time Now(pg::WriteTransaction& tx) { return pg::GetTime(tx.Exec(kNow)[0][0]); }

}  // namespace sockel::identity::token_gate_store
