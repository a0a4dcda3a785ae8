#include "common/auth/token_cache.h"

#include <openssl/sha.h>

#include <algorithm>
#include <utility>

namespace sockel::auth {

TokenDigest DigestOf(std::string_view token) {
  TokenDigest digest;
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  return digest;
}

TokenCache::TokenCache(size_t max_tokens)
    : max_per_shard_(std::max<size_t>(1, max_tokens / kShards)) {}

std::shared_ptr<const Claims> TokenCache::Find(const TokenDigest& digest,
                                               uint64_t generation) const {
  const Shard& shard = ShardOf(digest);
  absl::ReaderMutexLock lock(&shard.mutex);
  const auto found = shard.entries.find(digest);
  if (found == shard.entries.end() || found->second.generation != generation) return nullptr;
  return found->second.claims;
}

void TokenCache::Insert(const TokenDigest& digest, uint64_t generation,
                        std::shared_ptr<const Claims> claims) {
  Shard& shard = ShardOf(digest);
  absl::MutexLock lock(&shard.mutex);
  const bool is_new =
      shard.entries.insert_or_assign(digest, Entry{std::move(claims), generation}).second;
  if (!is_new) return;
  shard.order.push_back(digest);
  while (shard.order.size() > max_per_shard_) {
    shard.entries.erase(shard.order.front());
    shard.order.pop_front();
  }
}

void TokenCache::Erase(const TokenDigest& digest) {
  Shard& shard = ShardOf(digest);
  absl::MutexLock lock(&shard.mutex);
  shard.entries.erase(digest);
}

size_t TokenCache::size() const {
  size_t total = 0;
  for (const Shard& shard : shards_) {
    absl::ReaderMutexLock lock(&shard.mutex);
    total += shard.entries.size();
  }
  return total;
}

}  // namespace sockel::auth
