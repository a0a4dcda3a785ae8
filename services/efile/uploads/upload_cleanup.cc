#include "services/efile/uploads/upload_cleanup.h"

#include <optional>
#include <vector>

#include "common/error/error.h"
#include "common/ledger/ledger.h"
#include "common/log/log.h"
#include "services/efile/names.h"

namespace sockel::efile {
namespace {

// Uploads that are looked for at a time.
constexpr int kBatch = 100;

bool IsLast(const std::vector<UploadId>& batch) { return static_cast<int>(batch.size()) < kBatch; }

}  // namespace

UploadCleanup::UploadCleanup(pg::Database& db, const Clock& clock, ContentStore& content,
                             metrics::Registry& metrics)
    : db_(db),
      clock_(clock),
      content_(content),
      orphans_(db, content, metrics, [this] { return IsStopping(); }),
      expired_(metrics.Counter("sockel_efile_uploads_expired_total",
                               "Uploads that were abandoned for 24 hours")),
      removed_(metrics.Counter("sockel_efile_upload_bytes_removed_total",
                               "Given up uploads whose bytes were removed from the store")),
      failed_(metrics.Counter("sockel_efile_upload_cleanup_failures_total",
                              "Rounds or removals of the upload cleanup that failed")),
      space_(metrics.Gauge("sockel_efile_content_size_bytes",
                           "Size of the file system that the content store lies on")),
      free_space_(metrics.Gauge("sockel_efile_content_free_bytes",
                                "What is left of it for the content store")) {}

absl::Status UploadCleanup::RunOnce() {
  // Whatever the database says: a disk runs full without it, too.
  absl::Status measured = MeasureSpace();
  absl::Status status = ExpireOverdue();
  if (status.ok()) status = RemoveBytes();
  if (status.ok() && !IsStopping()) status = orphans_.RunOnce();
  status.Update(measured);
  return status;
}

absl::Status UploadCleanup::MeasureSpace() {
  absl::StatusOr<StoreSpace> space = content_.Space();
  if (!space.ok()) return space.status();
  space_.Set(static_cast<double>(space->size));
  free_space_.Set(static_cast<double>(space->free));
  return absl::OkStatus();
}

absl::Status UploadCleanup::ExpireOverdue() {
  while (true) {
    auto overdue = db_.Read(Caller::System("*"), "uploads.list_overdue",
                            [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<UploadId>> {
                              return store_.ListOverdue(tx, clock_.Now(), kBatch);
                            });
    if (!overdue.ok()) return overdue.status();
    for (const UploadId& upload : *overdue) {
      if (IsStopping()) return absl::OkStatus();
      absl::Status status = Expire(upload);
      if (!status.ok()) return status;
    }
    if (IsLast(*overdue)) return absl::OkStatus();
  }
}

absl::Status UploadCleanup::Expire(const UploadId& upload) {
  bool expired = false;
  absl::Status status =
      db_.Write(Caller::System(upload.tenant), "uploads.expire",
                [&](pg::WriteTransaction& tx) -> absl::Status {
                  expired = store_.Expire(tx, upload.id);
                  if (!expired) return absl::OkStatus();
                  const std::string name = UploadName(upload.tenant, upload.id);
                  ledger::Append(tx, {.resource = name, .action = "efile.uploads.expire"});
                  return absl::OkStatus();
                });
  if (status.ok() && expired) expired_.Increment();
  return status;
}

// Goes on behind those that cannot be removed, so that they are in nobody's way.
absl::Status UploadCleanup::RemoveBytes() {
  std::optional<UploadId> last;
  while (true) {
    auto given_up = db_.Read(Caller::System("*"), "uploads.list_with_bytes_to_remove",
                             [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<UploadId>> {
                               return store_.ListWithBytesToRemove(tx, last, kBatch);
                             });
    if (!given_up.ok()) return given_up.status();
    for (const UploadId& upload : *given_up) {
      if (IsStopping()) return absl::OkStatus();
      absl::Status status = RemoveBytesOf(upload);
      if (!status.ok()) return status;
    }
    if (IsLast(*given_up)) return absl::OkStatus();
    last = given_up->back();
  }
}

absl::Status UploadCleanup::RemoveBytesOf(const UploadId& upload) {
  if (!content_.Remove({upload.tenant, upload.id}).ok()) {
    failed_.Increment();  // a stream still has it open, or the disk is ill
    return absl::OkStatus();
  }
  absl::Status status = db_.Write(Caller::System(upload.tenant), "uploads.mark_bytes_removed",
                                  [&](pg::WriteTransaction& tx) -> absl::Status {
                                    store_.MarkBytesRemoved(tx, upload.id);
                                    return absl::OkStatus();
                                  });
  if (status.ok()) removed_.Increment();
  return status;
}

void UploadCleanup::Start(absl::Duration interval) {
  thread_ = std::thread([this, interval] {
    MeasureSpace().IgnoreError();  // the round says what is wrong
    absl::MutexLock lock(&mutex_);
    while (!mutex_.AwaitWithTimeout(absl::Condition(&stopping_), interval)) {
      mutex_.Unlock();
      absl::Status status = RunOnce();
      if (!status.ok()) {
        failed_.Increment();
        log::Warning("upload cleanup failed", {{"error", error::LogMessageOf(status)}});
      }
      mutex_.Lock();
    }
  });
}

bool UploadCleanup::IsStopping() {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

void UploadCleanup::Drain() {
  absl::MutexLock lock(&mutex_);
  stopping_ = true;
}

void UploadCleanup::Stop() {
  Drain();
  if (thread_.joinable()) thread_.join();
}

}  // namespace sockel::efile
