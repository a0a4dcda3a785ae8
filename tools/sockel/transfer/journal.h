#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
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
// Thread-safe.
class Journal {
 public:
  // Reads what an earlier run left; `key` says which `put` it is.
  Journal(const std::filesystem::path& folder, const std::string& key);

  // The state of a file with this content; a fresh one, with request ids, when
  // it was not begun.
  TransferState Get(const std::string& file, const std::string& sha256);
  // Survives the end of the process.
  absl::Status Put(const std::string& file, const TransferState& state);
  // Everything is done: forget it.
  void Finish();

  // Whether an earlier run had begun.
  bool resumed() const { return resumed_; }

 private:
  const std::filesystem::path path_;
  bool resumed_ = false;
  absl::Mutex mutex_;
  std::map<std::string, TransferState> states_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sockel::cli
