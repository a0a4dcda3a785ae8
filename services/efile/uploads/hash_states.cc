#include "services/efile/uploads/hash_states.h"

#include <algorithm>
#include <utility>

namespace sockel::efile {
namespace {

constexpr std::size_t kMost = 256;

}  // namespace

void HashStates::Put(const std::string& received_by, std::int64_t received, Sha256 hash) {
  absl::MutexLock lock(&mutex_);
  entries_.remove_if([&](const Entry& entry) { return entry.received_by == received_by; });
  entries_.push_front({received_by, received, std::move(hash)});
  if (entries_.size() > kMost) entries_.pop_back();
}

std::optional<Sha256> HashStates::Take(const std::string& received_by, std::int64_t received) {
  absl::MutexLock lock(&mutex_);
  auto entry = std::find_if(entries_.begin(), entries_.end(),
                            [&](const Entry& e) { return e.received_by == received_by; });
  if (entry == entries_.end()) return std::nullopt;
  std::optional<Sha256> hash;
  if (entry->received == received) hash = std::move(entry->hash);
  entries_.erase(entry);
  return hash;
}

}  // namespace sockel::efile
