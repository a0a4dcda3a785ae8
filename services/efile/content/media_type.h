#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

struct magic_set;

namespace sockel::efile {

// Tells the media type of content from its first bytes, by libmagic. Names and
// claims play no part. Thread-safe: keeps one libmagic handle per thread that
// is asking at the same time, as a handle is not.
class MediaTypes {
 public:
  // FAILED_PRECONDITION when libmagic's data base cannot be loaded.
  static absl::StatusOr<std::unique_ptr<MediaTypes>> Open();
  ~MediaTypes();

  // Bytes worth giving; more are ignored.
  static constexpr std::size_t kHeadSize = 16 * 1024;

  // `application/octet-stream` when it cannot be told.
  std::string Of(std::string_view head) const;

 private:
  struct Closer {
    void operator()(magic_set* handle) const;
  };
  using Handle = std::unique_ptr<magic_set, Closer>;

  MediaTypes() = default;
  static Handle Load();

  mutable absl::Mutex mutex_;
  mutable std::vector<Handle> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sockel::efile
