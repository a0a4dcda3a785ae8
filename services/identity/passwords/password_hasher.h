#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sockel::identity {

// Argon2id (RFC 9106): memory, passes; one lane.
struct HashingOptions {
  int64_t memory_kib = 19 * 1024;
  int64_t passes = 2;
};

// Hashes and verifies passwords. Each takes tens of milliseconds of a processor
// and `memory_kib`: how many do so at a time is the matter of whoever calls,
// which is the pool that the doors run these calls in. Thread-safe.
class PasswordHasher {
 public:
  // INTERNAL when the parameters ask for more memory than there is.
  static absl::StatusOr<std::unique_ptr<PasswordHasher>> Create(const HashingOptions& options);

  // The hash in PHC string form, with its own salt and parameters. INTERNAL: as
  // Create.
  absl::StatusOr<std::string> Hash(std::string_view password) const;

  // Whether the password is the hash's. An empty hash (no such user, no
  // password yet) takes the same time and is never right.
  bool Verify(std::string_view hash, std::string_view password) const;

  // Whether the hash was made with other parameters than today's.
  bool NeedsRehash(const std::string& hash) const;

 private:
  explicit PasswordHasher(const HashingOptions& options) : options_(options) {}

  const HashingOptions options_;
  std::string dummy_hash_;
};

}  // namespace sockel::identity
