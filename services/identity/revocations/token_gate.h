#pragma once

#include "absl/time/time.h"
#include "common/clock/clock.h"
#include "common/pg/database.h"

namespace sockel::identity {

// Puts the making of a tenant's tokens and what takes something away from their
// bearers one after the other, over all replicas: a token says either what was
// true before a revocation, and is older than it, or what is true since, and is
// younger. Without it a revocation whose COMMIT takes its time would miss tokens
// that are made meanwhile. Thread-safe.
class TokenGate {
 public:
  // `clock`: shows the time instead of the database's; of tests, whose time passes
  // only when they say so.
  explicit TokenGate(const Clock* clock = nullptr) : clock_(clock) {}

  // Before anything that a token will say is looked up in `tx`. Waits for those who
  // have closed the gate; until `tx` ends nobody else can. Returns the time that
  // the token is to be dated by.
  absl::Time Enter(pg::WriteTransaction& tx) const;

  // Before anything is locked in a `tx` that changes what tokens say. Waits for
  // tokens that are being made; until `tx` ends none is.
  void Close(pg::WriteTransaction& tx) const;

  // The time to date a revocation by, once `tx` holds all its locks.
  absl::Time Now(pg::WriteTransaction& tx) const;

 private:
  const Clock* const clock_;
};

}  // namespace sockel::identity
