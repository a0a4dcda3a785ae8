#include "tools/sockel/transfer/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/ids/ids.h"
#include "tools/sockel/json_text.h"
#include "tools/sockel/local_file.h"
#include "tools/sockel/transfer/hash.h"

namespace sockel::cli {
namespace {

using nlohmann::json;

std::string FileNameOf(const std::string& key) {
  Sha256 hash;
  hash.Add(key);
  return ids::ToHex(hash.Finish()).substr(0, 32) + ".jsonl";
}

// Whether the name still leads to the open file: who had the lock before may
// have removed it.
bool IsThere(int fd, const std::filesystem::path& path) {
  struct stat opened {};
  struct stat there {};
  return fstat(fd, &opened) == 0 && stat(path.c_str(), &there) == 0 &&
         opened.st_dev == there.st_dev && opened.st_ino == there.st_ino;
}

absl::StatusOr<int> OpenLocked(const std::filesystem::path& path) {
  while (true) {
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return CannotWrite(path, errno);
    // A file system without locks is not refused.
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      close(fd);
      return absl::AbortedError(
          "the same `sockel documents put` is running already; wait until it is over");
    }
    if (IsThere(fd, path)) return fd;
    close(fd);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(const std::filesystem::path& folder,
                                                       const std::string& key) {
  const std::filesystem::path path = folder / "transfers" / FileNameOf(key);
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  absl::StatusOr<int> fd = OpenLocked(path);
  if (!fd.ok()) return fd.status();
  std::unique_ptr<Journal> journal(new Journal(path, *fd));
  journal->Load();
  return journal;
}

Journal::Journal(std::filesystem::path path, int fd) : path_(std::move(path)), fd_(fd) {}

Journal::~Journal() {
  absl::MutexLock lock(&mutex_);
  if (states_.empty() && IsThere(fd_, path_)) Finish();
  close(fd_);
}

void Journal::Load() {
  std::ifstream file(path_);
  std::string line;
  absl::MutexLock lock(&mutex_);
  while (std::getline(file, line)) {
    torn_ = file.eof();
    // A line that was cut off when the process was killed says nothing.
    const json tree = json::parse(line, nullptr, false);
    if (!tree.is_object()) continue;
    states_[TextAt(tree, "file")] = {TextAt(tree, "sha256"), TextAt(tree, "request_id"),
                                     TextAt(tree, "upload_request_id"), TextAt(tree, "upload"),
                                     TextAt(tree, "document")};
    resumed_ = true;
  }
}

TransferState Journal::Get(const std::string& file, const std::string& sha256) {
  absl::MutexLock lock(&mutex_);
  const auto found = states_.find(file);
  if (found != states_.end() && found->second.sha256 == sha256) return found->second;
  return {sha256, ids::NewUuidV4(), ids::NewUuidV4(), "", ""};
}

absl::Status Journal::Put(const std::string& file, const TransferState& state) {
  const json tree = {{"file", file},
                     {"sha256", state.sha256},
                     {"request_id", state.request_id},
                     {"upload_request_id", state.upload_request_id},
                     {"upload", state.upload},
                     {"document", state.document}};
  absl::MutexLock lock(&mutex_);
  const auto known = states_.find(file);
  if (known != states_.end() && known->second == state) return absl::OkStatus();
  // A line behind one without an end would be lost with it.
  const std::string line =
      (torn_ ? "\n" : "") + tree.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  const ssize_t written = write(fd_, line.data(), line.size());
  if (written == static_cast<ssize_t>(line.size())) {
    torn_ = false;
    states_[file] = state;
    return absl::OkStatus();
  }
  const std::string why = written < 0 ? std::strerror(errno) : "the disk is full";
  torn_ = torn_ || written > 0;
  return absl::FailedPreconditionError(absl::StrCat("cannot write ", path_.string(), ": ", why));
}

void Journal::Finish() {
  std::error_code error;
  std::filesystem::remove(path_, error);
}

bool Journal::HasFruits() const {
  absl::MutexLock lock(&mutex_);
  return std::any_of(states_.begin(), states_.end(), [](const auto& entry) {
    return !entry.second.upload.empty() || !entry.second.document.empty();
  });
}

}  // namespace sockel::cli
