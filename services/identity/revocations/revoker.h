#pragma once

#include <functional>
#include <string_view>

#include "absl/time/time.h"
#include "common/pg/database.h"

namespace sockel::identity {

// Makes tokens worthless before they expire. Thread-safe.
class Revoker {
 public:
  // `token_lifetime`: the longest an access token lives. `wake` is called after
  // each commit that revoked something; it must be quick.
  Revoker(absl::Duration token_lifetime, std::function<void()> wake)
      : token_lifetime_(token_lifetime), wake_(std::move(wake)) {}

  // When `tx` commits, every token about `subject` (name of a tenant, user,
  // service account or session) that was issued until now is refused.
  void Revoke(pg::WriteTransaction& tx, std::string_view subject) const;

 private:
  const absl::Duration token_lifetime_;
  const std::function<void()> wake_;
};

}  // namespace sockel::identity
