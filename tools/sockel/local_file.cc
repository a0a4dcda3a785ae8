#include "tools/sockel/local_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace sockel::cli {
namespace {

namespace fs = std::filesystem;

std::string Sentence(const char* what, const fs::path& path, int error_number) {
  return absl::StrCat(what, " ", path.string(), ": ",
                      std::error_code(error_number, std::generic_category()).message());
}

absl::Status Exists(const fs::path& path) {
  return absl::AlreadyExistsError(absl::StrCat(path.string(), " exists already"));
}

using Move = int (*)(const char* draft, const char* target);

// As rename(), but EEXIST where something is.
int MoveToFree(const char* draft, const char* target) {
  if (renameat2(AT_FDCWD, draft, AT_FDCWD, target, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL) return -1;
  // A file system that cannot do that, such as NFS.
  return link(draft, target) == 0 ? unlink(draft) : -1;
}

absl::Status Write(const fs::path& path, const std::string& text, Move move) {
  const fs::path folder = path.parent_path();
  std::error_code error;
  if (!folder.empty() && fs::create_directories(folder, error)) {
    fs::permissions(folder, fs::perms::owner_all, error);
  }
  if (error) return CannotWrite(folder, error.value());
  std::string draft = path.string() + ".XXXXXX";
  const int fd = mkostemp(draft.data(), O_CLOEXEC);  // mode 0600
  if (fd < 0) return CannotWrite(path, errno);
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = write(fd, text.data() + written, text.size() - written);
    if (count <= 0) break;
    written += static_cast<std::size_t>(count);
  }
  const bool ok = written == text.size() && fsync(fd) == 0;
  int cause = errno;
  close(fd);
  if (ok && move(draft.c_str(), path.c_str()) == 0) return absl::OkStatus();
  if (ok) cause = errno;
  unlink(draft.c_str());
  return CannotWrite(path, cause);
}

}  // namespace

absl::Status CannotRead(const fs::path& path, int error_number) {
  const std::string text = Sentence("cannot read", path, error_number);
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(text);
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(text);
    case EIO:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return absl::UnknownError(text);
    default:
      return absl::InvalidArgumentError(text);
  }
}

absl::Status CannotWrite(const fs::path& path, int error_number) {
  if (error_number == EEXIST) return Exists(path);
  const std::string text = Sentence("cannot write", path, error_number);
  if (error_number == EACCES || error_number == EPERM) return absl::PermissionDeniedError(text);
  return absl::FailedPreconditionError(text);
}

absl::Status CheckFree(const fs::path& path) {
  if (path.empty()) return absl::InvalidArgumentError("the name of the file to write is empty");
  std::error_code error;
  const fs::file_status there = fs::symlink_status(path, error);
  if (fs::exists(there)) return Exists(path);
  if (there.type() != fs::file_type::not_found) return CannotWrite(path, error.value());
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (fs::is_directory(folder, error)) return absl::OkStatus();
  return CannotWrite(path, error ? error.value() : ENOTDIR);
}

absl::StatusOr<std::string> ReadFile(const fs::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return CannotRead(path, errno);
  std::string text;
  std::string buffer(1 << 16, '\0');
  ssize_t count = 0;
  while ((count = read(fd, buffer.data(), buffer.size())) > 0) {
    text.append(buffer, 0, static_cast<std::size_t>(count));
  }
  const int cause = errno;
  close(fd);
  if (count < 0) return CannotRead(path, cause);
  return text;
}

absl::Status WritePrivateFile(const fs::path& path, const std::string& text) {
  return Write(path, text,
               [](const char* draft, const char* target) { return rename(draft, target); });
}

absl::Status WriteNewPrivateFile(const fs::path& path, const std::string& text) {
  return Write(path, text, MoveToFree);
}

fs::path AbsolutePath(const std::string& path) {
  std::error_code error;
  fs::path absolute = fs::absolute(path, error);
  return error ? fs::path(path) : absolute;
}

}  // namespace sockel::cli
