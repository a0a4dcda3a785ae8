#pragma once

#include <memory>
#include <string>

#include "services/efile/content/content_store.h"

namespace sockel::efile {

// Contents as files: `{root}/{tenant}/{last two digits of the id}/{id}`, parts
// with the suffix `.part`. The last digits, because UUIDv7 begins with the
// time and would put all of one day into one folder. Files are readable by the
// owner only. Works on any file system with POSIX rename, fsync and flock; for
// several replicas on a shared one.
class FileStore final : public ContentStore {
 public:
  // FAILED_PRECONDITION names the folder when it cannot be made or written.
  static absl::StatusOr<std::unique_ptr<FileStore>> Open(const std::string& root);

  absl::StatusOr<std::unique_ptr<ContentPart>> OpenPart(const ContentId& id) override;
  absl::StatusOr<std::unique_ptr<StoredContent>> Open(const ContentId& id) override;
  absl::Status Remove(const ContentId& id) override;

 private:
  explicit FileStore(std::string root) : root_(std::move(root)) {}
  // The folder of the content; INVALID_ARGUMENT for ids that are no path
  // segments of ours.
  absl::StatusOr<std::string> Folder(const ContentId& id) const;

  const std::string root_;
};

}  // namespace sockel::efile
