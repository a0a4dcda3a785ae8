#include "common/auth/revocations.h"

#include <algorithm>
#include <functional>

namespace sockel::auth {
namespace {

constexpr std::string_view kTenants = "tenants/";

std::string_view KeyOf(std::string_view name) {
  if (name.substr(0, kTenants.size()) != kTenants) return name;
  const std::string_view rest = name.substr(kTenants.size());
  return rest.find('/') == std::string_view::npos ? rest : name;
}

struct Mark {
  size_t word;
  std::uint64_t bit;
};

Mark MarkOf(std::string_view key, size_t words) {
  const size_t hash = std::hash<std::string_view>()(key);
  return {hash / 64 % words, std::uint64_t{1} << (hash % 64)};
}

}  // namespace

void RevocationList::Add(const Revocation& revocation) {
  const std::string key(KeyOf(revocation.name));
  const Mark mark = MarkOf(key, kWords);
  absl::MutexLock lock(&mutex_);
  Entry& entry =
      entries_.try_emplace(key, Entry{absl::InfinitePast(), absl::InfinitePast()}).first->second;
  entry.revoked_before = std::max(entry.revoked_before, revocation.revoked_before);
  entry.expire_time = std::max(entry.expire_time, revocation.expire_time);
  marks_[mark.word].fetch_or(mark.bit, std::memory_order_release);
  size_.store(entries_.size(), std::memory_order_release);
}

bool RevocationList::IsMarked(std::string_view key) const {
  const Mark mark = MarkOf(key, kWords);
  return (marks_[mark.word].load(std::memory_order_acquire) & mark.bit) != 0;
}

bool RevocationList::Holds(std::string_view key, absl::Time issued) const {
  absl::ReaderMutexLock lock(&mutex_);
  const auto found = entries_.find(absl::string_view(key.data(), key.size()));
  return found != entries_.end() && issued <= found->second.revoked_before;
}

bool RevocationList::IsRevoked(const Principal& principal) const {
  if (size() == 0) return false;
  const std::array<std::string_view, 4> keys = {principal.session, principal.subject,
                                                principal.tenant, principal.on_behalf_of};
  return std::any_of(keys.begin(), keys.end(), [&](std::string_view key) {
    return !key.empty() && IsMarked(key) && Holds(key, principal.issue_time);
  });
}

void RevocationList::Prune(absl::Time now) {
  absl::MutexLock lock(&mutex_);
  const auto has_expired = [now](const auto& item) { return item.second.expire_time < now; };
  if (absl::erase_if(entries_, has_expired) == 0) return;
  size_.store(entries_.size(), std::memory_order_release);
  MarkAnew();
}

// Each word in one step, so that a mark that stays is there all the time.
void RevocationList::MarkAnew() {
  std::array<std::uint64_t, kWords> next{};
  for (const auto& [key, entry] : entries_) {
    const Mark mark = MarkOf(key, kWords);
    next[mark.word] |= mark.bit;
  }
  for (size_t i = 0; i < kWords; ++i) marks_[i].store(next[i], std::memory_order_release);
}

}  // namespace sockel::auth
