#include "services/efile/content/posix_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "services/efile/content/gcm.h"

namespace sockel::efile {

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

absl::Status FromErrno(int error_number, std::string_view doing, const std::string& path) {
  if (error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG) {
    return error::Make(absl::StatusCode::kResourceExhausted, error::CommonReason::STORAGE_FULL,
                       "No space is left to store content; nothing was filed.");
  }
  return error::Internal(
      absl::StrCat(std::string(doing), " ", path, ": ", std::strerror(error_number)));
}

absl::Status WriteAll(int fd, std::string_view bytes, std::int64_t offset,
                      const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), offset);
    if (written < 0) {
      if (errno == EINTR) continue;
      return FromErrno(errno, "write", path);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += written;
  }
  return absl::OkStatus();
}

absl::Status ReadAll(int fd, std::int64_t offset, std::size_t length, char* out,
                     const std::string& path) {
  while (length > 0) {
    const ssize_t got = ::pread(fd, out, length, offset);
    if (got < 0) {
      if (errno == EINTR) continue;
      return FromErrno(errno, "read", path);
    }
    if (got == 0) return ContentDamaged("The stored content is shorter than it was.");
    out += got;
    offset += got;
    length -= static_cast<std::size_t>(got);
  }
  return absl::OkStatus();
}

absl::Status SyncFile(int fd, const std::string& path) {
  if (::fdatasync(fd) != 0) return FromErrno(errno, "sync", path);
  return absl::OkStatus();
}

absl::Status SyncFolder(const std::string& path) {
  Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return FromErrno(errno, "open", path);
  if (::fsync(folder.get()) != 0) return FromErrno(errno, "sync", path);
  return absl::OkStatus();
}

absl::StatusOr<absl::Time> Touch(const std::string& path) {
  struct stat info;
  if (::utimensat(AT_FDCWD, path.c_str(), nullptr, 0) != 0) return FromErrno(errno, "touch", path);
  if (::stat(path.c_str(), &info) != 0) return FromErrno(errno, "stat", path);
  return absl::TimeFromTimespec(info.st_mtim);
}

}  // namespace sockel::efile
