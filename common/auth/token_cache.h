#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "common/auth/claims.h"

namespace sockel::auth {

// SHA-256 of a token: the cache holds no token that could be stolen from it.
using TokenDigest = std::array<uint8_t, 32>;
TokenDigest DigestOf(std::string_view token);

// Tokens whose signature was found good. Bounded: the oldest go first. Sharded,
// so that threads seldom meet. Thread-safe.
class TokenCache {
 public:
  explicit TokenCache(size_t max_tokens);

  // Null when unknown or remembered under another generation of keys.
  std::shared_ptr<const Claims> Find(const TokenDigest& digest, uint64_t generation) const;
  void Insert(const TokenDigest& digest, uint64_t generation, std::shared_ptr<const Claims> claims);
  void Erase(const TokenDigest& digest);
  size_t size() const;

 private:
  struct Entry {
    std::shared_ptr<const Claims> claims;
    uint64_t generation;
  };
  struct Shard {
    mutable absl::Mutex mutex;
    absl::flat_hash_map<TokenDigest, Entry> entries ABSL_GUARDED_BY(mutex);
    // In the order of insertion; may name entries erased meanwhile.
    std::deque<TokenDigest> order ABSL_GUARDED_BY(mutex);
  };
  static constexpr size_t kShards = 16;

  Shard& ShardOf(const TokenDigest& digest) const { return shards_[digest[0] % kShards]; }

  const size_t max_per_shard_;
  mutable std::array<Shard, kShards> shards_;
};

}  // namespace sockel::auth
