#include "services/efile/uploads/orphan_sweep.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"

namespace sockel::efile {
namespace {

// A round's work: one look at each of these files, and one query.
constexpr std::size_t kMostInARound = 1000;

absl::Status KeepsAll(const std::string& tenant, std::size_t orphans) {
  return absl::FailedPreconditionError(absl::StrCat(
      orphans, " contents in the folder of ", tenant, " are unknown to the database, more than it ",
      "knows: is it the right one, and not an old one? Nothing was removed."));
}

}  // namespace

OrphanSweep::OrphanSweep(pg::Database& db, ContentStore& content, metrics::Registry& metrics)
    : db_(db),
      content_(content),
      removed_(metrics.Counter("sockel_efile_orphans_removed_total",
                               "Contents removed from the store that no record refers to")) {}

absl::Status OrphanSweep::RunOnce() {
  absl::StatusOr<Stretch> stretch = content_.ListUnchanged(kOrphanAge, next_, kMostInARound);
  if (!stretch.ok()) return stretch.status();
  absl::Status kept;
  absl::StatusOr<std::vector<ContentId>> orphans = FindOrphans(stretch->unchanged, kept);
  if (!orphans.ok()) return orphans.status();
  next_ = std::move(stretch->next);
  absl::Status removed = Remove(*orphans);
  return removed.ok() ? kept : removed;
}

absl::StatusOr<std::vector<ContentId>> OrphanSweep::FindOrphans(
    const std::vector<ContentId>& contents, absl::Status& kept) {
  std::map<std::string, std::vector<std::string>> ids_by_tenant;
  for (const ContentId& content : contents) ids_by_tenant[content.tenant].push_back(content.id);
  std::vector<ContentId> orphans;
  for (const auto& [tenant, ids] : ids_by_tenant) {
    absl::StatusOr<std::vector<std::string>> found = FindIn(tenant, ids);
    if (absl::IsFailedPrecondition(found.status())) {
      kept = found.status();
      continue;
    }
    if (!found.ok()) return found.status();
    for (const std::string& id : *found) orphans.push_back({tenant, id});
  }
  return orphans;
}

absl::StatusOr<std::vector<std::string>> OrphanSweep::FindIn(const std::string& tenant,
                                                             const std::vector<std::string>& ids) {
  return db_.Read(Caller::System(tenant), "orphans.find",
                  [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<std::string>> {
                    std::vector<std::string> orphans = store_.ListOrphans(tx, ids);
                    const auto count = static_cast<std::int64_t>(orphans.size());
                    if (count > 0 && store_.CountContents(tx, count) < count) {
                      return KeepsAll(tenant, orphans.size());
                    }
                    return orphans;
                  });
}

absl::Status OrphanSweep::Remove(const std::vector<ContentId>& orphans) {
  absl::Status result;
  for (const ContentId& orphan : orphans) {
    absl::Status removed = content_.Remove(orphan);
    if (removed.ok()) {
      removed_.Increment();
      log::Info("orphan removed", {{"tenant", orphan.tenant}, {"content", orphan.id}});
    } else {
      result.Update(removed);
    }
  }
  return result;
}

}  // namespace sockel::efile
