#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace sockel::identity {

struct HashingOptions {
  // Argon2id (RFC 9106): memory, passes; one lane.
  int64_t memory_kib = 19 * 1024;
  int64_t passes = 2;
  // Passwords hashed at a time.
  int parallel = 2;
  // Calls that may wait for their turn. Each holds a worker of the server, so
  // parallel + waiting stays well below the number of workers: a login storm
  // must leave some to everybody else.
  int waiting = 6;
};

// Hashes and verifies passwords, few at a time. Thread-safe. What finds neither
// a turn nor a place to wait is refused at once.
class PasswordHasher {
 public:
  // INTERNAL when the parameters ask for more memory than there is.
  static absl::StatusOr<std::unique_ptr<PasswordHasher>> Create(const HashingOptions& options);

  // The hash in PHC string form, with its own salt and parameters.
  // Errors: RESOURCE_EXHAUSTED/OVERLOADED, DEADLINE_EXCEEDED.
  absl::StatusOr<std::string> Hash(std::string_view password, absl::Time deadline);

  // Whether the password is the hash's. An empty hash (no such user, no
  // password yet) takes the same time and is never right. Errors: as Hash.
  absl::StatusOr<bool> Verify(std::string_view hash, std::string_view password,
                              absl::Time deadline);

  // Whether the hash was made with other parameters than today's.
  bool NeedsRehash(const std::string& hash) const;

 private:
  // A turn at hashing; gives it back when destroyed.
  class Turn;

  explicit PasswordHasher(const HashingOptions& options) : options_(options) {}
  absl::Status Enter(absl::Time deadline) ABSL_LOCKS_EXCLUDED(mutex_);
  void Leave() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<std::string> Compute(std::string_view password) const;

  const HashingOptions options_;
  std::string dummy_hash_;
  absl::Mutex mutex_;
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
  int waiting_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace sockel::identity
