#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace sockel::cli {

// What is known of one file on its way: enough to go on after being killed
// without filing anything twice.
struct TransferState {
  std::string sha256;             // hexadecimal; another one = another file
  std::string request_id;         // of CreateDocument
  std::string upload_request_id;  // of CreateUpload
  std::string upload;             // its name, once it exists
  std::string document;           // its name, once it is filed

  bool operator==(const TransferState&) const = default;
};

// The states of the files of one `put`, in a file that is only appended to.
// Locked as long as the object lives. Thread-safe.
class Journal {
 public:
  // Reads what an earlier run left; `key` says which `put` it is. ABORTED when
  // another process is at the same one: both would file everything.
  static absl::StatusOr<std::unique_ptr<Journal>> Open(const std::filesystem::path& folder,
                                                       const std::string& key);
  // A journal in which nothing was noted leaves no file.
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // The state of a file with this content; a fresh one, with request ids, when
  // it was not begun.
  TransferState Get(const std::string& file, const std::string& sha256);
  // Survives the end of the process.
  absl::Status Put(const std::string& file, const TransferState& state);
  // Everything is done, or nothing can be: forget it.
  void Finish();

  // Whether the service has anything of it: a document, or a part of one.
  bool HasFruits() const;
  // Whether an earlier run had begun.
  bool resumed() const { return resumed_; }

 private:
  Journal(std::filesystem::path path, int fd);
  void Load();

  const std::filesystem::path path_;
  const int fd_;
  bool resumed_ = false;
  mutable absl::Mutex mutex_;
  std::map<std::string, TransferState> states_ ABSL_GUARDED_BY(mutex_);
  // The last line has no end: the process was killed, or the disk full.
  bool torn_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace sockel::cli
