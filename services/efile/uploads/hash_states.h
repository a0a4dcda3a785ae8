#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/efile/content/sha256.h"

namespace sockel::efile {

// Running hashes of uploads between two streams, so that going on with a large
// upload does not reread it. Only a shortcut: keeps the newest few, loses them
// with the process. Thread-safe.
//
// A hash is kept under the stream that recorded the bytes (uploads.received_by)
// and how many they are: the two name the bytes themselves. An upload alone
// would not: another replica may have started it again meanwhile, and got to
// the same place with other bytes.
class HashStates {
 public:
  void Put(const std::string& received_by, std::int64_t received, Sha256 hash);
  // Nothing unless there is one for exactly these bytes. It is taken out.
  std::optional<Sha256> Take(const std::string& received_by, std::int64_t received);

 private:
  struct Entry {
    std::string received_by;
    std::int64_t received;
    Sha256 hash;
  };
  absl::Mutex mutex_;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // newest first
};

}  // namespace sockel::efile
