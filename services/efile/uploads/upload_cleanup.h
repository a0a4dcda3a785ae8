#pragma once

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/clock/clock.h"
#include "common/metrics/metrics.h"
#include "common/pg/database.h"
#include "services/efile/content/content_store.h"
#include "services/efile/uploads/upload_store.h"

namespace sockel::efile {

// Expires uploads that were abandoned, and removes the bytes of those that
// expired or were cancelled. Any number of replicas may run it.
class UploadCleanup {
 public:
  UploadCleanup(pg::Database& db, const Clock& clock, ContentStore& content,
                metrics::Registry& metrics);
  ~UploadCleanup() { Stop(); }

  // One round. OK also when some bytes could not be removed yet: they are next
  // time. Errors: of the database.
  absl::Status RunOnce();

  // A round every `interval`, on a thread of its own.
  void Start(absl::Duration interval);
  void Stop();

 private:
  absl::Status ExpireOverdue();
  absl::Status RemoveBytes();

  pg::Database& db_;
  const Clock& clock_;
  ContentStore& content_;
  UploadStore store_;
  metrics::Counter& expired_;
  metrics::Counter& removed_;
  metrics::Counter& failed_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sockel::efile
