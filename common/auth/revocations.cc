#include "common/auth/revocations.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace sockel::auth {

void RevocationList::Add(const Revocation& revocation) {
  absl::MutexLock lock(&mutex_);
  Entry& entry =
      entries_.try_emplace(revocation.name, Entry{absl::InfinitePast(), absl::InfinitePast()})
          .first->second;
  entry.revoked_before = std::max(entry.revoked_before, revocation.revoked_before);
  entry.expire_time = std::max(entry.expire_time, revocation.expire_time);
  size_.store(entries_.size(), std::memory_order_release);
}

bool RevocationList::Matches(std::string_view name, absl::Time issued) const {
  if (name.empty()) return false;
  const auto found = entries_.find(absl::string_view(name.data(), name.size()));
  return found != entries_.end() && issued <= found->second.revoked_before;
}

bool RevocationList::IsRevoked(const Claims& claims) const {
  if (size() == 0) return false;
  const Principal& principal = claims.principal;
  const std::string tenant = absl::StrCat("tenants/", principal.tenant);
  absl::ReaderMutexLock lock(&mutex_);
  return Matches(principal.session, claims.issue_time) ||
         Matches(principal.subject, claims.issue_time) || Matches(tenant, claims.issue_time) ||
         Matches(principal.on_behalf_of, claims.issue_time);
}

void RevocationList::Prune(absl::Time now) {
  absl::MutexLock lock(&mutex_);
  absl::erase_if(entries_, [now](const auto& item) { return item.second.expire_time < now; });
  size_.store(entries_.size(), std::memory_order_release);
}

}  // namespace sockel::auth
