#include "services/identity/upkeep/upkeep.h"

#include "common/error/error.h"
#include "common/log/log.h"
#include "services/identity/revocations/revocation_store.h"
#include "services/identity/service_accounts/service_account_store.h"
#include "services/identity/sign_in/session_store.h"
#include "services/identity/sign_in/sign_in_store.h"

namespace sockel::identity {
namespace {

constexpr absl::Duration kKeysEvery = absl::Seconds(5);
constexpr absl::Duration kAfterFailure = absl::Seconds(1);
constexpr absl::Duration kDropEvery = absl::Minutes(1);
// An administrator sees ended sessions' traces in the log; the rows are kept so
// long for a late refresh to be told that its session has ended.
constexpr absl::Duration kKeepEndedSessions = absl::Hours(24);
constexpr absl::Duration kKeepFailures = absl::Hours(24);

}  // namespace

void Upkeep::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Upkeep::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void Upkeep::Wake() {
  absl::MutexLock lock(&mutex_);
  woken_ = true;
}

void Upkeep::Run() {
  bool failing = false;
  absl::Time next_drop = clock_.Now();
  while (true) {
    absl::Status status = keys_.Load();
    if (status.ok() && clock_.Now() >= next_drop) {
      next_drop = clock_.Now() + kDropEvery;
      status = DropExpired();
    }
    if (!status.ok() && !failing) {
      log::Warning("upkeep failed", {{"error", error::LogMessageOf(status)}});
    }
    failing = !status.ok();
    absl::MutexLock lock(&mutex_);
    const auto due = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return woken_ || stopping_; };
    mutex_.AwaitWithTimeout(absl::Condition(&due), failing ? kAfterFailure : kKeysEvery);
    woken_ = false;
    if (stopping_) return;
  }
}

absl::Status Upkeep::DropExpired() {
  return db_.Write(Caller::System("*"), "upkeep.drop_expired", [&](pg::WriteTransaction& tx) {
    const absl::Time now = tx.time();
    service_account_store::DeleteExpiredAssertions(tx, now);
    revocation_store::DeleteExpired(tx, now);
    session_store::DeleteEndedBefore(tx, now - kKeepEndedSessions);
    sign_in_store::DeleteFailuresBefore(tx, now - kKeepFailures);
    return absl::OkStatus();
  });
}

}  // namespace sockel::identity
