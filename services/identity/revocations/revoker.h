#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/pg/database.h"
#include "services/identity/revocations/token_gate.h"

namespace sockel::identity {

// The longest that an access token may be made to live. A revocation is kept
// for so long whatever is configured now: a token may be from before that was
// changed.
inline constexpr absl::Duration kLongestTokenLifetime = absl::Hours(1);

// Makes tokens worthless before they expire. Thread-safe.
class Revoker {
 public:
  // `wake` is called after each commit that revoked something; it must be quick.
  Revoker(const TokenGate& gate, std::function<void()> wake)
      : gate_(gate), wake_(std::move(wake)) {}

  // First of all in a `tx` that will revoke what is about a tenant, or about a
  // bearer none of whose sessions it locks: see TokenGate::Close.
  void Begin(pg::WriteTransaction& tx) const { gate_.Close(tx); }

  // When `tx` commits, every token about `subject` (name of a tenant, user,
  // service account or session) that was issued until now is refused. Call it
  // after everything in `tx` that may wait for a lock.
  void Revoke(pg::WriteTransaction& tx, const std::string& subject) const {
    Revoke(tx, std::vector<std::string>{subject});
  }
  void Revoke(pg::WriteTransaction& tx, const std::vector<std::string>& subjects) const;

 private:
  const TokenGate& gate_;
  const std::function<void()> wake_;
};

}  // namespace sockel::identity
