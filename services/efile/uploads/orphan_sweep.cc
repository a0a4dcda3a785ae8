#include "services/efile/uploads/orphan_sweep.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
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

std::vector<std::string> Without(const std::vector<std::string>& ids,
                                 const std::vector<std::string>& these) {
  const std::set<std::string> left_out(these.begin(), these.end());
  std::vector<std::string> rest;
  for (const std::string& id : ids) {
    if (left_out.count(id) == 0) rest.push_back(id);
  }
  return rest;
}

absl::Status KeepsAll(const std::string& tenant, std::size_t orphans) {
  return absl::FailedPreconditionError(absl::StrCat(
      orphans, " contents in the folder of ", tenant, " are unknown to the database, more than it ",
      "knows: is it the right one, and not an old one? Nothing was removed."));
}

}  // namespace

OrphanSweep::OrphanSweep(pg::Database& db, ContentStore& content, metrics::Registry& metrics,
                         std::function<bool()> stop)
    : db_(db),
      content_(content),
      discarded_(metrics.Counter("sockel_efile_orphans_discarded_total",
                                 "Contents moved to the trash that no record refers to")),
      put_back_(
          metrics.Counter("sockel_efile_orphans_put_back_total",
                          "Contents moved back from the trash that a record refers to again")),
      removed_(metrics.Counter("sockel_efile_orphans_removed_total",
                               "Contents removed from the trash after 30 days")),
      stop_(std::move(stop)) {}

absl::Status OrphanSweep::RunOnce() {
  absl::Status status = Sweep();
  // An old database, perhaps: it is no witness of what is not needed any more.
  const bool doubtful = absl::IsFailedPrecondition(status);
  status.Update(PutBackFromTrash());
  if (!doubtful) status.Update(RemoveFromTrash());
  return status;
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
  for (const auto& [tenant, ids] : ByTenant(orphans)) {
    result.Update(
        ForEach(tenant, ids, &ContentStore::Discard, discarded_, "orphan moved to the trash"));
  }
  return result;
}

absl::Status OrphanSweep::PutBackFromTrash() {
  absl::StatusOr<Stretch> stretch =
      content_.ListDiscarded(absl::ZeroDuration(), next_in_trash_, kMostInARound);
  if (!stretch.ok()) return stretch.status();
  absl::Status result;
  for (const auto& entry : ByTenant(stretch->unchanged)) {
    const std::string& tenant = entry.first;
    const std::vector<std::string>& ids = entry.second;
    auto known = db_.Read(Caller::System(tenant), "orphans.find_known",
                          [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<std::string>> {
                            return Without(ids, store_.ListOrphans(tx, ids));
                          });
    if (!known.ok()) return known.status();
    result.Update(ForEach(tenant, *known, &ContentStore::PutBack, put_back_,
                          "content moved back from the trash"));
  }
  next_in_trash_ = std::move(stretch->next);
  return result;
}

absl::Status OrphanSweep::RemoveFromTrash() {
  absl::StatusOr<Stretch> stretch = content_.ListDiscarded(kTrashAge, next_old_, kMostInARound);
  if (!stretch.ok()) return stretch.status();
  absl::Status result;
  for (const auto& [tenant, ids] : ByTenant(stretch->unchanged)) {
    absl::StatusOr<std::vector<std::string>> orphans = FindIn(tenant, ids);
    absl::Status removed = orphans.ok() ? ForEach(tenant, *orphans, &ContentStore::RemoveDiscarded,
                                                  removed_, "orphan removed")
                                        : orphans.status();
    result.Update(removed);
  }
  next_old_ = std::move(stretch->next);
  return result;
}

absl::Status OrphanSweep::ForEach(const std::string& tenant, const std::vector<std::string>& ids,
                                  absl::StatusOr<bool> (ContentStore::*work)(const ContentId&),
                                  metrics::Counter& done, std::string_view message) {
  absl::Status result;
  for (const std::string& id : ids) {
    if (stop_()) break;
    const absl::StatusOr<bool> worked = (content_.*work)({tenant, id});
    if (!worked.ok()) {
      if (!absl::IsAborted(worked.status())) result.Update(worked.status());
    } else if (*worked) {
      done.Increment();
      log::Info(message, {{"tenant", tenant}, {"content", id}});
    }
  }
  return result;
}

}  // namespace sockel::efile
