#pragma once

#include <memory>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/efile/content/content_store.h"

namespace sockel::efile {

// Contents as files: `{root}/{tenant}/{last two digits of the id}/{id}`, parts
// with the suffix `.part`. The last digits, because UUIDv7 begins with the
// time and would put all of one day into one folder. The trash is the same
// below `{root}/.trash`: no tenant's code begins with a dot. Files are readable
// by the owner only. Works on any file system with POSIX rename, fsync and
// flock; for several replicas on a shared one, where flock must keep out other
// machines too. Where flock does not work nothing is written: every write is
// INTERNAL, and the log says why.
class FileStore final : public ContentStore {
 public:
  // FAILED_PRECONDITION names the folder when it cannot be made or written.
  static absl::StatusOr<std::unique_ptr<FileStore>> Open(const std::string& root);

  absl::StatusOr<std::unique_ptr<ContentPart>> OpenPart(const ContentId& id) override;
  absl::StatusOr<std::unique_ptr<StoredContent>> Open(const ContentId& id) override;
  absl::Status Remove(const ContentId& id) override;
  absl::StatusOr<Stretch> ListUnchanged(absl::Duration age, const Place& begin,
                                        std::size_t limit) override;
  absl::StatusOr<bool> Discard(const ContentId& id) override;
  absl::StatusOr<Stretch> ListDiscarded(absl::Duration age, const Place& begin,
                                        std::size_t limit) override;
  absl::StatusOr<bool> PutBack(const ContentId& id) override;
  absl::StatusOr<bool> RemoveDiscarded(const ContentId& id) override;
  absl::StatusOr<StoreSpace> Space() override;

 private:
  explicit FileStore(std::string root) : root_(std::move(root)), trash_(root_ + "/.trash") {}
  // The folder of the content; INVALID_ARGUMENT for ids that are no path
  // segments of ours.
  absl::StatusOr<std::string> Folder(const ContentId& id) const;
  // What corresponds in the trash to a path in the store.
  std::string InTrash(const std::string& path) const { return trash_ + path.substr(root_.size()); }
  // Makes the folders of a content, so that they survive a power loss.
  absl::Status MakeFolders(const std::string& folder);
  absl::Status MakeDurable(const std::string& folder);
  bool IsDurable(const std::string& folder);

  const std::string root_;
  const std::string trash_;
  absl::Mutex mutex_;
  // Folders that survive a power loss. That a folder is there does not tell: who
  // made it may not have come to syncing the one above.
  std::set<std::string> durable_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sockel::efile
