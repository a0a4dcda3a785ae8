#pragma once

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/clock/clock.h"
#include "common/metrics/metrics.h"
#include "common/pg/database.h"
#include "services/efile/content/content_store.h"
#include "services/efile/uploads/orphan_sweep.h"
#include "services/efile/uploads/upload_store.h"

namespace sockel::efile {

// Expires uploads that were abandoned, removes the bytes of those that expired
// or were cancelled, and sweeps the store for bytes that belong to nothing.
// Measures the store's space on the way. Any number of replicas may run it.
class UploadCleanup {
 public:
  UploadCleanup(pg::Database& db, const Clock& clock, ContentStore& content,
                metrics::Registry& metrics);
  ~UploadCleanup() { Stop(); }

  // One round: all uploads, and one step of the sweep. OK also when some bytes of
  // uploads could not be removed yet: they are next time. Errors: of the database
  // or the store, or as OrphanSweep.
  absl::Status RunOnce();

  // A round every `interval`, on a thread of its own, which measures first.
  void Start(absl::Duration interval);
  // Begins nothing new; does not wait.
  void Drain();
  // Waits for the end of what is under way: one upload, or one step of the sweep.
  void Stop();

 private:
  absl::Status MeasureSpace();
  absl::Status ExpireOverdue();
  absl::Status Expire(const UploadId& upload);
  absl::Status RemoveBytes();
  absl::Status RemoveBytesOf(const UploadId& upload);
  bool IsStopping();

  pg::Database& db_;
  const Clock& clock_;
  ContentStore& content_;
  UploadStore store_;
  OrphanSweep orphans_;
  metrics::Counter& expired_;
  metrics::Counter& removed_;
  metrics::Counter& failed_;
  metrics::Gauge& space_;
  metrics::Gauge& free_space_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sockel::efile
