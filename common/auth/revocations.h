#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/caller/authenticator.h"

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

// What was revoked lately. Consulted on every use of a token, cached or not:
// for a token that nothing was revoked of, that takes neither lock nor memory.
// Thread-safe. Filled by identity itself, or by a RevocationFollower.
class RevocationList {
 public:
  // The later revoked_before of a name wins; order and repeats do not matter.
  void Add(const Revocation& revocation);

  // By session, subject, tenant and the user acted for.
  bool IsRevoked(const Principal& principal) const;

  // Drops what has expired by `now`. Call it now and then.
  void Prune(absl::Time now);

  size_t size() const { return size_.load(std::memory_order_acquire); }

 private:
  struct Entry {
    absl::Time revoked_before;
    absl::Time expire_time;
  };
  static constexpr size_t kWords = 1024;

  bool IsMarked(std::string_view key) const;
  bool Holds(std::string_view key, absl::Time issued) const ABSL_LOCKS_EXCLUDED(mutex_);
  void MarkAnew() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  // By resource name; a tenant by its code, as tokens name it.
  absl::flat_hash_map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  std::atomic<size_t> size_{0};
  // One bit for the hash of each key, written under the mutex and read without
  // it: what is not marked is not among the entries; what is marked may be.
  std::array<std::atomic<std::uint64_t>, kWords> marks_{};
};

}  // namespace sockel::auth
