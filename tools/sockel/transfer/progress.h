#pragma once

#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace sockel::cli {

// How far a transfer is.
struct ProgressState {
  std::int64_t bytes = 0;  // that went through
  std::int64_t total_bytes = 0;
  std::int64_t files = 0;  // that are done
  std::int64_t total_files = 0;
  std::string latest;  // of these
  absl::Duration elapsed;
};

// The bar: `[#######.......................]  25 %  1/4  2.0 MiB/s, 4s left  scan.pdf`.
std::string ProgressText(const ProgressState& state);

// A progress bar on stderr, when that is a terminal; silent otherwise.
// Thread-safe.
class Progress {
 public:
  Progress(std::int64_t total_bytes, std::int64_t total_files);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Bytes that went through (negative: have to go through again).
  void AddBytes(std::int64_t bytes);
  void FileDone(const std::string& name);

 private:
  void Draw(bool always) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const bool visible_;
  const std::int64_t total_bytes_;
  const std::int64_t total_files_;
  const absl::Time start_;
  absl::Mutex mutex_;
  std::int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::int64_t files_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string latest_ ABSL_GUARDED_BY(mutex_);
  absl::Time drawn_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace sockel::cli
