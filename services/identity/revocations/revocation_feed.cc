#include "services/identity/revocations/revocation_feed.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/clock/timestamp.h"
#include "common/error/error.h"
#include "common/log/log.h"

namespace sockel::identity {
namespace {

constexpr absl::Duration kInterval = absl::Seconds(1);
constexpr int kMostPerMessage = 500;

}  // namespace

// One stream.
class RevocationFeed::Follower final : public rpc::Source<v1::WatchRevocationsResponse> {
 public:
  Follower(RevocationFeed& feed, uint64_t from) : feed_(feed), from_(from) {}

  absl::StatusOr<rpc::Pull> Next(v1::WatchRevocationsResponse& out,
                                 const std::function<void()>& wake) override {
    absl::MutexLock lock(&feed_.mutex_);
    ForgetForeignCursor();
    out.Clear();
    for (const Entry& entry : feed_.entries_) {
      if (entry.number <= seen_ || entry.row.transaction < from_) continue;
      if (out.revocations_size() == kMostPerMessage) {
        out.set_cursor(absl::StrCat(from_));
        return rpc::Pull::kMessage;
      }
      Add(entry, out);
    }
    if (out.revocations_size() == 0 && reading_ == feed_.readings_) {
      feed_.waiting_.push_back(wake);
      return rpc::Pull::kWait;
    }
    reading_ = feed_.readings_;
    seen_ = feed_.last_number_;
    out.set_cursor(absl::StrCat(feed_.watermark_));
    out.set_caught_up(true);
    return rpc::Pull::kMessage;
  }

 private:
  // A cursor ahead of the table is from before the database was restored, and
  // could not be told from a good one until the table was read: everything comes
  // anew.
  void ForgetForeignCursor() ABSL_EXCLUSIVE_LOCKS_REQUIRED(feed_.mutex_) {
    if (feed_.readings_ > 0 && from_ > feed_.watermark_) from_ = 0;
  }

  void Add(const Entry& entry, v1::WatchRevocationsResponse& out) {
    v1::Revocation& revocation = *out.add_revocations();
    revocation.set_subject(entry.row.subject);
    *revocation.mutable_revoke_time() = ToTimestamp(entry.row.revoke_time);
    *revocation.mutable_expire_time() = ToTimestamp(entry.row.expire_time);
    seen_ = entry.number;
  }

  RevocationFeed& feed_;
  uint64_t from_;
  int64_t seen_ = 0;
  // Nothing is said before the feed has read the table once.
  int64_t reading_ = 0;
};

void RevocationFeed::Start() {
  thread_ = std::thread([this] { Run(); });
}

void RevocationFeed::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void RevocationFeed::Wake() {
  absl::MutexLock lock(&mutex_);
  woken_ = true;
}

void RevocationFeed::Run() {
  bool failing = false;
  while (true) {
    const absl::Status status = ReadNow();
    if (!status.ok() && !failing) {
      log::Warning("revocations cannot be read", {{"error", error::LogMessageOf(status)}});
    }
    failing = !status.ok();
    absl::MutexLock lock(&mutex_);
    const auto due = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return woken_ || stopping_; };
    mutex_.AwaitWithTimeout(absl::Condition(&due), kInterval);
    woken_ = false;
    if (stopping_) return;
  }
}

absl::Status RevocationFeed::ReadNow() {
  const absl::Time now = clock_.Now();
  uint64_t from = 0;
  {
    absl::MutexLock lock(&mutex_);
    from = watermark_;
  }
  auto batch = db_.Read(Caller::System("*"), "revocations.read",
                        [&](pg::Transaction& tx) -> absl::StatusOr<revocation_store::Batch> {
                          return revocation_store::ReadFrom(tx, from, now);
                        });
  const absl::Status status = batch.status();
  if (status.ok()) {
    Take(*std::move(batch), now);
    own_.Prune(now);
  }
  // On failure, too: what waits for a follower that went away is not kept.
  for (const std::function<void()>& wake : TakeWaiting()) wake();
  return status;
}

void RevocationFeed::Take(revocation_store::Batch batch, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  while (!entries_.empty() && entries_.front().row.expire_time <= now) {
    ids_.erase(entries_.front().row.id);
    entries_.pop_front();
  }
  for (revocation_store::Row& row : batch.rows) {
    if (!ids_.insert(row.id).second) continue;
    own_.Add({row.subject, row.revoke_time, row.expire_time});
    entries_.push_back({std::move(row), ++last_number_});
  }
  // Goes back when the database was restored to an earlier time: what is written
  // from then on has lower numbers.
  watermark_ = batch.watermark;
  ++readings_;
}

std::vector<std::function<void()>> RevocationFeed::TakeWaiting() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(waiting_, {});
}

rpc::SourceOr<v1::WatchRevocationsResponse> RevocationFeed::Watch(
    const Caller&, const v1::WatchRevocationsRequest& request) {
  uint64_t from = 0;
  bool known = request.cursor().empty() || absl::SimpleAtoi(request.cursor(), &from);
  if (known && IsAhead(from)) {
    // Another replica may have read the table later than this one.
    if (absl::Status status = ReadNow(); !status.ok()) return status;
    known = !IsAhead(from);
  }
  if (!known) {
    return error::Make(absl::StatusCode::kInvalidArgument, error::CommonReason::CURSOR_INVALID,
                       "cursor is not one that this stream gave out; begin without one.");
  }
  return std::make_unique<Follower>(*this, from);
}

// Before the first reading nobody knows; see ForgetForeignCursor.
bool RevocationFeed::IsAhead(uint64_t cursor) {
  absl::MutexLock lock(&mutex_);
  return readings_ > 0 && cursor > watermark_;
}

}  // namespace sockel::identity
