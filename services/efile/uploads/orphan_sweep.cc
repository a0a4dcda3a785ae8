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

using IdsByTenant = std::map<std::string, std::vector<std::string>>;

IdsByTenant ByTenant(const std::vector<ContentId>& contents) {
  IdsByTenant ids;
  for (const ContentId& content : contents) ids[content.tenant].push_back(content.id);
  return ids;
}

absl::Status KeepsAll(const std::string& tenant, std::size_t orphans) {
  return absl::FailedPreconditionError(absl::StrCat(
      orphans, " contents in the folder of ", tenant, " are unknown to the database, more than it ",
      "knows: is it the right one, and not an old one? Nothing was removed."));
}

absl::Status BelongsBack(const std::string& tenant, std::size_t contents) {
  return absl::FailedPreconditionError(
      absl::StrCat(contents, " contents of ", tenant, " in the trash of the content store are ",
                   "known to the database: move them back. They were not removed."));
}

}  // namespace

OrphanSweep::OrphanSweep(pg::Database& db, ContentStore& content, metrics::Registry& metrics)
    : db_(db),
      content_(content),
      discarded_(metrics.Counter("sockel_efile_orphans_discarded_total",
                                 "Contents moved to the trash that no record refers to")),
      removed_(metrics.Counter("sockel_efile_orphans_removed_total",
                               "Contents removed from the trash after 30 days")) {}

absl::Status OrphanSweep::RunOnce() {
  absl::Status status = Sweep();
  return status.ok() ? EmptyTrash() : status;
}

absl::Status OrphanSweep::Sweep() {
  absl::StatusOr<Stretch> stretch = content_.ListUnchanged(kOrphanAge, next_, kMostInARound);
  if (!stretch.ok()) return stretch.status();
  absl::Status kept;
  absl::StatusOr<std::vector<ContentId>> orphans = FindOrphans(stretch->unchanged, kept);
  if (!orphans.ok()) return orphans.status();
  next_ = std::move(stretch->next);
  absl::Status discarded = Discard(*orphans);
  return discarded.ok() ? kept : discarded;
}

absl::StatusOr<std::vector<ContentId>> OrphanSweep::FindOrphans(
    const std::vector<ContentId>& contents, absl::Status& kept) {
  std::vector<ContentId> orphans;
  for (const auto& [tenant, ids] : ByTenant(contents)) {
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

absl::Status OrphanSweep::Discard(const std::vector<ContentId>& orphans) {
  absl::Status result;
  for (const ContentId& orphan : orphans) {
    absl::Status discarded = content_.Discard(orphan);
    if (discarded.ok()) {
      discarded_.Increment();
      log::Info("orphan moved to the trash", {{"tenant", orphan.tenant}, {"content", orphan.id}});
    } else {
      result.Update(discarded);
    }
  }
  return result;
}

absl::Status OrphanSweep::EmptyTrash() {
  absl::StatusOr<Stretch> stretch =
      content_.ListDiscarded(kTrashAge, next_in_trash_, kMostInARound);
  if (!stretch.ok()) return stretch.status();
  absl::Status result;
  for (const auto& [tenant, ids] : ByTenant(stretch->unchanged)) {
    result.Update(RemoveFromTrash(tenant, ids));
  }
  next_in_trash_ = std::move(stretch->next);
  return result;
}

absl::Status OrphanSweep::RemoveFromTrash(const std::string& tenant,
                                          const std::vector<std::string>& ids) {
  // Anew: the database may have been brought forward since.
  auto orphans = db_.Read(Caller::System(tenant), "orphans.find_in_trash",
                          [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<std::string>> {
                            return store_.ListOrphans(tx, ids);
                          });
  if (!orphans.ok()) return orphans.status();
  for (const std::string& id : *orphans) {
    absl::Status removed = content_.RemoveDiscarded({tenant, id});
    if (!removed.ok()) return removed;
    removed_.Increment();
    log::Info("orphan removed", {{"tenant", tenant}, {"content", id}});
  }
  const std::size_t known = ids.size() - orphans->size();
  return known == 0 ? absl::OkStatus() : BelongsBack(tenant, known);
}

}  // namespace sockel::efile
