#include "common/pg/pool.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/time/clock.h"
#include "common/error/error.h"
#include "common/log/log.h"
#include "common/pg/connection.h"
#include "common/pg/exceptions.h"

namespace sockel::pg {
namespace {

Observer& NoObserver() {
  static Observer observer;
  return observer;
}

absl::Status NoneFree() {
  absl::Status status =
      error::Make(absl::StatusCode::kResourceExhausted, error::CommonReason::OVERLOADED,
                  "All database connections are busy; try again.");
  error::SetRetryAfter(status, absl::Milliseconds(200));
  return status;
}

// A server that is down is reported once in a while, not once per call.
void LogRefusal(const char* text) {
  static std::atomic<std::int64_t> last_second{0};
  const std::int64_t now = absl::ToUnixSeconds(absl::Now());
  std::int64_t last = last_second.load();
  if (now - last < 5 || !last_second.compare_exchange_strong(last, now)) return;
  log::Warning("cannot connect to the database", {{"error", text}});
}

}  // namespace

std::string WithPassword(std::string_view conninfo, std::string_view password) {
  std::string result(conninfo);
  result.append(" password='");
  for (const char c : password) {
    if (c == '\'' || c == '\\') result.push_back('\\');
    result.push_back(c);
  }
  result.push_back('\'');
  return result;
}

Pool::Pool(PoolConfig config)
    : config_(std::move(config)),
      observer_(config_.observer != nullptr ? config_.observer : &NoObserver()) {
  idle_.reserve(static_cast<std::size_t>(config_.size));
}

Pool::~Pool() = default;

absl::StatusOr<Pool::Lease> Pool::Acquire(absl::Duration limit) {
  const absl::Time start = absl::Now();
  absl::StatusOr<std::unique_ptr<Connection>> connection = TakeIdleOrSlot(limit);
  if (connection.ok() && *connection == nullptr) connection = Open();
  observer_->OnAcquire(absl::Now() - start, connection.status());
  if (!connection.ok()) return connection.status();
  ReportChange();
  return Lease(this, *std::move(connection));
}

// A connection, or null for the right to open one.
absl::StatusOr<std::unique_ptr<Connection>> Pool::TakeIdleOrSlot(absl::Duration limit) {
  const auto available = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !idle_.empty() || open_ < config_.size;
  };
  absl::MutexLock lock(&mutex_);
  if (!mutex_.AwaitWithTimeout(absl::Condition(&available), std::min(limit, config_.wait))) {
    return limit < config_.wait ? DeadlinePassed() : NoneFree();
  }
  if (idle_.empty()) {
    ++open_;
    return nullptr;
  }
  std::unique_ptr<Connection> connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

absl::StatusOr<std::unique_ptr<Connection>> Pool::Open() {
  try {
    return std::make_unique<Connection>(config_);
  } catch (const std::exception& e) {
    LogRefusal(e.what());
  }
  absl::MutexLock lock(&mutex_);
  --open_;
  return DatabaseUnavailable();
}

void Pool::GiveBack(std::unique_ptr<Connection> connection, bool discard) {
  if (discard || connection->broken()) connection.reset();  // closes, outside the lock
  {
    absl::MutexLock lock(&mutex_);
    if (connection != nullptr) {
      idle_.push_back(std::move(connection));
    } else {
      --open_;
    }
  }
  ReportChange();
}

void Pool::CloseIdle() {
  std::vector<std::unique_ptr<Connection>> closing;
  {
    absl::MutexLock lock(&mutex_);
    closing.swap(idle_);
    open_ -= static_cast<int>(closing.size());
  }
  ReportChange();
}

void Pool::ReportChange() const {
  int lent = 0;
  int open = 0;
  {
    absl::MutexLock lock(&mutex_);
    open = open_;
    lent = open_ - static_cast<int>(idle_.size());
  }
  observer_->OnPoolChange(lent, open);
}

int Pool::open() const {
  absl::MutexLock lock(&mutex_);
  return open_;
}

int Pool::in_use() const {
  absl::MutexLock lock(&mutex_);
  return open_ - static_cast<int>(idle_.size());
}

Pool::Lease::Lease(Pool* pool, std::unique_ptr<Connection> connection)
    : pool_(pool), connection_(std::move(connection)) {}

Pool::Lease::Lease(Lease&& other) noexcept = default;

Pool::Lease::~Lease() {
  if (connection_ != nullptr) pool_->GiveBack(std::move(connection_), discard_);
}

}  // namespace sockel::pg
