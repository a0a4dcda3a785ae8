#include "services/efile/uploads/upload_cleanup.h"

#include "common/error/error.h"
#include "common/ledger/ledger.h"
#include "common/log/log.h"
#include "services/efile/names.h"

namespace sockel::efile {
namespace {

// Uploads of one round: bounded work between two looks at stopping_.
constexpr int kBatch = 100;

}  // namespace

UploadCleanup::UploadCleanup(pg::Database& db, const Clock& clock, ContentStore& content,
                             metrics::Registry& metrics)
    : db_(db),
      clock_(clock),
      content_(content),
      expired_(metrics.Counter("sockel_efile_uploads_expired_total",
                               "Uploads that were abandoned for 24 hours")),
      removed_(metrics.Counter("sockel_efile_upload_bytes_removed_total",
                               "Given up uploads whose bytes were removed from the store")),
      failed_(metrics.Counter("sockel_efile_upload_cleanup_failures_total",
                              "Rounds or removals of the upload cleanup that failed")) {}

absl::Status UploadCleanup::RunOnce() {
  absl::Status status = ExpireOverdue();
  return status.ok() ? RemoveBytes() : status;
}

absl::Status UploadCleanup::ExpireOverdue() {
  auto overdue = db_.Read(Caller::System("*"), "uploads.list_overdue",
                          [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<UploadId>> {
                            return store_.ListOverdue(tx, clock_.Now(), kBatch);
                          });
  if (!overdue.ok()) return overdue.status();
  for (const UploadId& upload : *overdue) {
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
    if (!status.ok()) return status;
    if (expired) expired_.Increment();
  }
  return absl::OkStatus();
}

absl::Status UploadCleanup::RemoveBytes() {
  auto given_up = db_.Read(Caller::System("*"), "uploads.list_with_bytes_to_remove",
                           [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<UploadId>> {
                             return store_.ListWithBytesToRemove(tx, kBatch);
                           });
  if (!given_up.ok()) return given_up.status();
  for (const UploadId& upload : *given_up) {
    absl::Status status = content_.Remove({upload.tenant, upload.id});
    if (!status.ok()) {  // a stream still has it open, or the disk is ill
      failed_.Increment();
      continue;
    }
    status = db_.Write(Caller::System(upload.tenant), "uploads.mark_bytes_removed",
                       [&](pg::WriteTransaction& tx) -> absl::Status {
                         store_.MarkBytesRemoved(tx, upload.id);
                         return absl::OkStatus();
                       });
    if (!status.ok()) return status;
    removed_.Increment();
  }
  return absl::OkStatus();
}

void UploadCleanup::Start(absl::Duration interval) {
  thread_ = std::thread([this, interval] {
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

void UploadCleanup::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace sockel::efile
