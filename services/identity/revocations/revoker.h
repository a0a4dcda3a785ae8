#pragma once

#include <functional>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "common/clock/clock.h"
#include "common/pg/database.h"

namespace sockel::identity {

// The longest that an access token may be made to live. A revocation is kept
// for so long whatever is configured now: a token may be from before that was
// changed.
inline constexpr absl::Duration kLongestTokenLifetime = absl::Hours(1);

// Makes tokens worthless before they expire. Thread-safe.
class Revoker {
 public:
  // `clock`: the one that tokens are dated by. `wake` is called after each
  // commit that revoked something; it must be quick.
  Revoker(const Clock& clock, std::function<void()> wake) : clock_(clock), wake_(std::move(wake)) {}

  // When `tx` commits, every token about `subject` (name of a tenant, user,
  // service account or session) that was issued until now is refused. Call it
  // after everything in `tx` that may wait for a lock: what was true until then
  // is in tokens of until then.
  void Revoke(pg::WriteTransaction& tx, std::string_view subject) const;

 private:
  const Clock& clock_;
  const std::function<void()> wake_;
};

}  // namespace sockel::identity
