#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

// File-system calls with absl::Status: what file_store.cc is written in.
namespace sockel::efile {

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

// errno as a status: no space, quota or file size limit →
// RESOURCE_EXHAUSTED/STORAGE_FULL, anything else INTERNAL. `doing` and the
// path go to the log only.
absl::Status FromErrno(int error_number, std::string_view doing, const std::string& path);

// All of `bytes` at `offset`.
absl::Status WriteAll(int fd, std::string_view bytes, std::int64_t offset, const std::string& path);
// Exactly `length` bytes; DATA_LOSS/CONTENT_DAMAGED when the file is shorter.
absl::Status ReadAll(int fd, std::int64_t offset, std::size_t length, char* out,
                     const std::string& path);
absl::Status SyncFile(int fd, const std::string& path);
absl::Status SyncFolder(const std::string& path);
// Dates the last change of `path` now, and says when that is by the clock of its
// file system: the one that dates the files in it.
absl::StatusOr<absl::Time> Touch(const std::string& path);

}  // namespace sockel::efile
