#include "common/auth/key_source.h"

#include <utility>

namespace sockel::auth {

void LocalKeySource::Set(const std::vector<Key>& keys) {
  absl::flat_hash_map<std::string, Key> next;
  for (const Key& key : keys) next.emplace(key.id(), key);
  absl::MutexLock lock(&mutex_);
  bool some_removed = false;
  for (const auto& [id, key] : keys_) some_removed |= !next.contains(id);
  keys_ = std::move(next);
  if (some_removed) generation_.fetch_add(1, std::memory_order_release);
}

std::optional<Key> LocalKeySource::Find(std::string_view key_id) const {
  absl::ReaderMutexLock lock(&mutex_);
  const auto found = keys_.find(absl::string_view(key_id.data(), key_id.size()));
  if (found == keys_.end()) return std::nullopt;
  return found->second;
}

bool LocalKeySource::Ready() const {
  absl::ReaderMutexLock lock(&mutex_);
  return !keys_.empty();
}

}  // namespace sockel::auth
