#include "services/efile/content/media_type.h"

#include <magic.h>

#include <algorithm>

namespace sockel::efile {
namespace {

constexpr char kUnknown[] = "application/octet-stream";

}  // namespace

void MediaTypes::Closer::operator()(magic_set* handle) const { magic_close(handle); }

MediaTypes::Handle MediaTypes::Load() {
  // Nothing is unpacked to look inside: a bomb is told from outside as well.
  Handle handle(magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_ERROR));
  if (handle && magic_load(handle.get(), nullptr) != 0) handle.reset();
  return handle;
}

absl::StatusOr<std::unique_ptr<MediaTypes>> MediaTypes::Open() {
  Handle handle = Load();
  if (!handle) {
    return absl::FailedPreconditionError(
        "the data base of libmagic cannot be loaded; install libmagic-mgc");
  }
  std::unique_ptr<MediaTypes> types(new MediaTypes());
  absl::MutexLock lock(&types->mutex_);
  types->idle_.push_back(std::move(handle));
  return types;
}

MediaTypes::~MediaTypes() = default;

std::string MediaTypes::Of(std::string_view head) const {
  Handle handle;
  {
    absl::MutexLock lock(&mutex_);
    if (!idle_.empty()) {
      handle = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!handle) handle = Load();
  if (!handle) return kUnknown;
  const char* type = magic_buffer(handle.get(), head.data(), std::min(head.size(), kHeadSize));
  std::string result = type == nullptr ? kUnknown : type;
  absl::MutexLock lock(&mutex_);
  idle_.push_back(std::move(handle));
  return result;
}

}  // namespace sockel::efile
