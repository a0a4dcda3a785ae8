#pragma once

#include "absl/time/time.h"
#include "common/pg/database.h"

// The lock behind TokenGate, of the caller's tenant, and the database's clock.
namespace sockel::identity::token_gate_store {

// With others; the time when it was there.
absl::Time Enter(pg::WriteTransaction& tx);
// Alone.
void Close(pg::WriteTransaction& tx);
absl::Time Now(pg::WriteTransaction& tx);

}  // namespace sockel::identity::token_gate_store
