#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/auth/claims.h"

namespace sockel::auth {

// Tokens of `name` made at or before `revoked_before` are worth nothing.
struct Revocation {
  // Resource name of a session, a user, a service account or a tenant.
  std::string name;
  absl::Time revoked_before;
  // When the last token it concerns has expired by itself; then the entry is
  // dropped. At least the longest access token lifetime after revoked_before.
  absl::Time expire_time;
};

// What was revoked lately. Consulted on every use of a token, cached or not.
// Thread-safe. Filled by identity itself, or by a RevocationFollower.
class RevocationList {
 public:
  // The later revoked_before of a name wins; order and repeats do not matter.
  void Add(const Revocation& revocation);

  // By session, subject, tenant and the user acted for.
  bool IsRevoked(const Claims& claims) const;

  // Drops what has expired by `now`. Call it now and then.
  void Prune(absl::Time now);

  size_t size() const { return size_.load(std::memory_order_acquire); }

 private:
  struct Entry {
    absl::Time revoked_before;
    absl::Time expire_time;
  };
  bool Matches(std::string_view name, absl::Time issued) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  std::atomic<size_t> size_{0};
};

}  // namespace sockel::auth
