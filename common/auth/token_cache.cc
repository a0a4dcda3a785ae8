#include "common/auth/token_cache.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace sockel::auth {

// In the path of every call. OpenSSL's one-shot functions look the algorithm up
// each time, which takes longer than hashing a token.
TokenDigest DigestOf(std::string_view token) {
  static const EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
      EVP_MD_CTX_new(), EVP_MD_CTX_free);
  TokenDigest digest;
  const bool good = EVP_DigestInit_ex2(context.get(), kSha256, nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), token.data(), token.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
  // Without memory or algorithm there is no telling one token from another.
  if (!good) std::abort();
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
