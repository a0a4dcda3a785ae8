#include "services/efile/content/file_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "services/efile/content/file_listing.h"
#include "services/efile/content/gcm.h"
#include "services/efile/content/posix_file.h"

namespace sockel::efile {
namespace {

std::string PartOf(const std::string& content) { return content + std::string(kPartSuffix); }

absl::Status Busy() {
  absl::Status status = error::Make(absl::StatusCode::kAborted, "UPLOAD_BUSY",
                                    "Another stream is writing this content; try again.");
  error::SetRetryAfter(status, absl::Milliseconds(200));
  return status;
}

absl::StatusOr<std::int64_t> SizeOf(int fd, const std::string& path) {
  struct stat info;
  if (::fstat(fd, &info) != 0) return FromErrno(errno, "stat", path);
  return info.st_size;
}

class FilePart final : public ContentPart {
 public:
  FilePart(Descriptor file, std::string folder, std::string path, std::int64_t size)
      : file_(std::move(file)),
        folder_(std::move(folder)),
        path_(std::move(path)),
        sealed_(!path_.ends_with(kPartSuffix)),
        size_(size) {}

  std::int64_t size() const override { return size_; }

  absl::Status Truncate(std::int64_t size) override {
    absl::Status status = Unseal();
    if (!status.ok()) return status;
    if (::ftruncate(file_.get(), size) != 0) return FromErrno(errno, "truncate", path_);
    size_ = size;
    return absl::OkStatus();
  }

  absl::Status Append(std::string_view bytes) override {
    absl::Status status = Unseal();
    if (status.ok()) status = WriteAll(file_.get(), bytes, size_, path_);
    if (status.ok()) size_ += static_cast<std::int64_t>(bytes.size());
    return status;
  }

  absl::Status ReadAt(std::int64_t offset, std::size_t length, char* out) const override {
    return ReadAll(file_.get(), offset, length, out, path_);
  }

  absl::Status Sync() override {
    absl::Status status = SyncFile(file_.get(), path_);
    if (!status.ok() || folder_synced_) return status;
    status = SyncFolder(folder_);
    folder_synced_ = status.ok();
    return status;
  }

  absl::Status Seal() override {
    absl::Status status = SyncFile(file_.get(), path_);
    if (status.ok() && !sealed_) {
      status = RenameTo(path_.substr(0, path_.size() - kPartSuffix.size()));
    }
    if (!status.ok()) return status;
    sealed_ = true;
    return SyncFolder(folder_);
  }

 private:
  absl::Status Unseal() {
    if (!sealed_) return absl::OkStatus();
    absl::Status status = RenameTo(PartOf(path_));
    if (status.ok()) sealed_ = false;
    return status;
  }

  absl::Status RenameTo(const std::string& path) {
    if (::rename(path_.c_str(), path.c_str()) != 0) return FromErrno(errno, "rename", path_);
    path_ = path;
    return absl::OkStatus();
  }

  Descriptor file_;
  const std::string folder_;
  std::string path_;
  bool sealed_;
  std::int64_t size_;
  bool folder_synced_ = false;
};

class FileContent final : public StoredContent {
 public:
  FileContent(Descriptor file, std::string path, std::int64_t size)
      : file_(std::move(file)), path_(std::move(path)), size_(size) {}

  std::int64_t size() const override { return size_; }
  absl::Status ReadAt(std::int64_t offset, std::size_t length, char* out) const override {
    return ReadAll(file_.get(), offset, length, out, path_);
  }

 private:
  const Descriptor file_;
  const std::string path_;
  const std::int64_t size_;
};

// The folder that `folder` lies in.
std::string Above(const std::string& folder) {
  std::error_code failed;
  std::filesystem::path path = std::filesystem::absolute(folder, failed).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();  // it ended in a slash
  return path.parent_path().string();
}

// Opens and locks a file; a descriptor that is not valid when there is none.
// The lock goes with the descriptor, so a killed process leaves none behind.
absl::StatusOr<Descriptor> OpenLocked(const std::string& path, int flags) {
  Descriptor file(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid() && errno == ENOENT) return file;
  if (!file.valid()) return FromErrno(errno, "open", path);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    // Anything else than a lock of somebody else's does not pass by waiting.
    return errno == EWOULDBLOCK || errno == EINTR ? Busy() : FromErrno(errno, "lock", path);
  }
  // Whoever held the lock before may have renamed or removed the file.
  struct stat opened, named;
  if (::fstat(file.get(), &opened) != 0 || ::stat(path.c_str(), &named) != 0 ||
      opened.st_ino != named.st_ino) {
    return Busy();
  }
  return file;
}

// Moves a locked file to a folder that is there, dated by the move. The date is
// on stable storage first: at no time does the file lie in its new place and
// look as old as it is.
absl::Status MoveDurably(const Descriptor& file, const std::string& from, const std::string& to) {
  absl::StatusOr<absl::Time> dated = Touch(from);
  if (!dated.ok()) return dated.status();
  if (::fsync(file.get()) != 0) return FromErrno(errno, "sync", from);
  if (::rename(from.c_str(), to.c_str()) != 0) return FromErrno(errno, "move", from);
  // Where `to` was the same file already, that did nothing.
  if (::unlink(from.c_str()) != 0 && errno != ENOENT) return FromErrno(errno, "move", from);
  absl::Status status = SyncFolder(Above(to));
  return status.ok() ? SyncFolder(Above(from)) : status;
}

bool IsSameFile(const std::string& one, const std::string& other) {
  struct stat first, second;
  return ::stat(one.c_str(), &first) == 0 && ::stat(other.c_str(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

// Gives a locked file another name in a folder that is there, where no other file
// has it. False: another one has. What was interrupted can be repeated.
absl::StatusOr<bool> MoveUnlessTaken(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) != 0) {
    if (errno != EEXIST) return FromErrno(errno, "move", from);
    if (!IsSameFile(from, to)) return false;
  }
  absl::Status status = SyncFolder(Above(to));
  if (!status.ok()) return status;
  if (::unlink(from.c_str()) != 0) return FromErrno(errno, "move", from);
  status = SyncFolder(Above(from));
  if (!status.ok()) return status;
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileStore>> FileStore::Open(const std::string& root) {
  const bool made = ::mkdir(root.c_str(), 0700) == 0;
  if (::access(root.c_str(), R_OK | W_OK | X_OK) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("content folder ", root, " does not exist or is not writable"));
  }
  if (made && !SyncFolder(Above(root)).ok()) {
    ::rmdir(root.c_str());  // else the next start would take it for a good one
    return absl::FailedPreconditionError(
        absl::StrCat("content folder ", root, " does not exist, and the folder above it cannot be ",
                     "synced so that it would survive a power loss: make it"));
  }
  return std::unique_ptr<FileStore>(new FileStore(root));
}

absl::Status FileStore::MakeFolders(const std::string& folder) {
  absl::Status status = MakeDurable(folder.substr(0, folder.rfind('/')));
  return status.ok() ? MakeDurable(folder) : status;
}

absl::Status FileStore::MakeDurable(const std::string& folder) {
  const bool made = ::mkdir(folder.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return FromErrno(errno, "make folder", folder);
  if (!made && IsDurable(folder)) return absl::OkStatus();
  absl::Status status = SyncFolder(folder.substr(0, folder.rfind('/')));
  if (!status.ok()) return status;
  absl::MutexLock lock(&mutex_);
  durable_.insert(folder);
  return absl::OkStatus();
}

bool FileStore::IsDurable(const std::string& folder) {
  absl::MutexLock lock(&mutex_);
  return durable_.contains(folder);
}

absl::StatusOr<std::string> FileStore::Folder(const ContentId& id) const {
  if (!IsTenantFolder(id.tenant) || !IsContentFile(id.id)) {
    return absl::InvalidArgumentError("not a content id");
  }
  return absl::StrCat(root_, "/", id.tenant, "/", id.id.substr(id.id.size() - 2));
}

absl::StatusOr<std::unique_ptr<ContentPart>> FileStore::OpenPart(const ContentId& id) {
  absl::StatusOr<std::string> folder = Folder(id);
  if (!folder.ok()) return folder.status();
  absl::Status made = MakeFolders(*folder);
  if (!made.ok()) return made;
  const std::string sealed = absl::StrCat(*folder, "/", id.id);
  const std::string part = PartOf(sealed);
  for (auto& [path, flags] :
       {std::pair{part, O_RDWR}, {sealed, O_RDWR}, {part, O_RDWR | O_CREAT}}) {
    absl::StatusOr<Descriptor> file = OpenLocked(path, flags);
    if (!file.ok()) return file.status();
    if (!file->valid()) continue;
    absl::StatusOr<std::int64_t> size = SizeOf(file->get(), path);
    if (!size.ok()) return size.status();
    return std::make_unique<FilePart>(*std::move(file), *folder, path, *size);
  }
  return FromErrno(ENOENT, "create", part);
}

absl::StatusOr<std::unique_ptr<StoredContent>> FileStore::Open(const ContentId& id) {
  absl::StatusOr<std::string> folder = Folder(id);
  if (!folder.ok()) return folder.status();
  const std::string path = absl::StrCat(*folder, "/", id.id);
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.valid()) {
    if (errno == ENOENT) return ContentDamaged("The stored content is missing.");
    return FromErrno(errno, "open", path);
  }
  absl::StatusOr<std::int64_t> size = SizeOf(file.get(), path);
  if (!size.ok()) return size.status();
  return std::make_unique<FileContent>(std::move(file), path, *size);
}

absl::Status FileStore::Remove(const ContentId& id) {
  absl::StatusOr<std::string> folder = Folder(id);
  if (!folder.ok()) return folder.status();
  const std::string sealed = absl::StrCat(*folder, "/", id.id);
  bool removed = false;
  for (const std::string& path : {PartOf(sealed), sealed}) {
    absl::StatusOr<Descriptor> lock = OpenLocked(path, O_RDWR);
    if (!lock.ok()) return lock.status();
    if (!lock->valid()) continue;
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return FromErrno(errno, "remove", path);
    removed = true;
  }
  return removed ? SyncFolder(*folder) : absl::OkStatus();
}

absl::StatusOr<Stretch> FileStore::ListUnchanged(absl::Duration age, const Place& begin,
                                                 std::size_t limit) {
  absl::StatusOr<absl::Time> now = Touch(root_);
  if (!now.ok()) return now.status();
  return ListFiles(root_, *now - age, begin, limit);
}

absl::StatusOr<bool> FileStore::Discard(const ContentId& id) {
  absl::StatusOr<std::string> folder = Folder(id);
  if (!folder.ok()) return folder.status();
  const std::string sealed = absl::StrCat(*folder, "/", id.id);
  bool moved = false;
  for (const std::string& path : {PartOf(sealed), sealed}) {
    absl::StatusOr<Descriptor> lock = OpenLocked(path, O_RDWR);
    if (!lock.ok()) return lock.status();
    if (!lock->valid()) continue;
    absl::Status status = MakeDurable(trash_);
    if (status.ok()) status = MakeFolders(InTrash(*folder));
    if (status.ok()) status = MoveDurably(*lock, path, InTrash(path));
    if (!status.ok()) return status;
    moved = true;
  }
  return moved;
}

absl::StatusOr<bool> FileStore::PutBack(const ContentId& id) {
  absl::StatusOr<std::string> folder = Folder(id);
  if (!folder.ok()) return folder.status();
  const std::string sealed = absl::StrCat(*folder, "/", id.id);
  bool moved = false;
  for (const std::string& path : {PartOf(sealed), sealed}) {
    absl::StatusOr<Descriptor> lock = OpenLocked(InTrash(path), O_RDWR);
    if (!lock.ok()) return lock.status();
    if (!lock->valid()) continue;
    absl::Status made = MakeFolders(*folder);
    if (!made.ok()) return made;
    absl::StatusOr<bool> back = MoveUnlessTaken(InTrash(path), path);
    if (!back.ok()) return back.status();
    moved = moved || *back;
  }
  return moved;
}

absl::StatusOr<Stretch> FileStore::ListDiscarded(absl::Duration age, const Place& begin,
                                                 std::size_t limit) {
  absl::StatusOr<absl::Time> now = Touch(root_);
  if (!now.ok()) return now.status();
  // It is made with the first content that it gets.
  if (::access(trash_.c_str(), F_OK) != 0 && errno == ENOENT) return Stretch();
  return ListFiles(trash_, *now - age, begin, limit);
}

absl::StatusOr<bool> FileStore::RemoveDiscarded(const ContentId& id) {
  absl::StatusOr<std::string> folder = Folder(id);
  if (!folder.ok()) return folder.status();
  const std::string sealed = absl::StrCat(InTrash(*folder), "/", id.id);
  bool removed = false;
  for (const std::string& path : {PartOf(sealed), sealed}) {
    if (::unlink(path.c_str()) == 0) {
      removed = true;
    } else if (errno != ENOENT) {
      return FromErrno(errno, "remove", path);
    }
  }
  return removed;
}

absl::StatusOr<StoreSpace> FileStore::Space() {
  std::error_code failed;
  const std::filesystem::space_info space = std::filesystem::space(root_, failed);
  if (failed) return FromErrno(failed.value(), "measure", root_);
  return StoreSpace{space.capacity, space.available};
}

}  // namespace sockel::efile
