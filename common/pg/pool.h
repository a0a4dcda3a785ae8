#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/clock/clock.h"
#include "common/pg/observer.h"

namespace sockel::pg {

class Connection;

struct PoolConfig {
  // libpq connection string: `host=/run/postgresql dbname=sockel_efile user=sockel_efile`.
  std::string conninfo;
  // File with the password, read for each new connection; empty: what conninfo says.
  std::string password_file;
  // Most connections at a time.
  int size = 8;
  // How long a call waits for a free connection before it is refused.
  absl::Duration wait = absl::Seconds(1);
  // Longest statement when the caller's deadline allows more.
  absl::Duration statement_timeout = absl::Seconds(30);
  // Shown in pg_stat_activity.
  std::string application_name = "sockel";
  // Optional; outlives the pool.
  Observer* observer = nullptr;
};

// `conninfo` with the password added, quoted as libpq wants it.
std::string WithPassword(std::string_view conninfo, std::string_view password);

// Connections to one database, opened when needed. The one used last is lent
// first, so that idle ones stay idle. A broken one is closed, never mended;
// after a server restart the next call opens a new one. Thread-safe.
class Pool {
 public:
  explicit Pool(PoolConfig config);
  ~Pool();  // every Lease must be gone
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // A lent connection; gives it back when destroyed.
  class Lease {
   public:
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }
    // It shall be closed instead of used again.
    void Discard() { discard_ = true; }

   private:
    friend class Pool;
    Lease(Pool* pool, std::unique_ptr<Connection> connection);
    Pool* pool_;
    std::unique_ptr<Connection> connection_;
    bool discard_ = false;
  };

  // Waits at most PoolConfig::wait, and no longer than `limit`.
  // Errors: RESOURCE_EXHAUSTED/OVERLOADED none free in time;
  // UNAVAILABLE/DATABASE_UNAVAILABLE the server refused or is not there.
  absl::StatusOr<Lease> Acquire(absl::Duration limit = absl::InfiniteDuration());

  // Closes the idle connections. Called when one proved broken: the others
  // most likely share its fate.
  void CloseIdle();

  const PoolConfig& config() const { return config_; }
  Observer& observer() const { return *observer_; }

  int open() const;
  int in_use() const;

 private:
  absl::StatusOr<std::unique_ptr<Connection>> TakeIdleOrSlot(absl::Duration limit);
  absl::StatusOr<std::unique_ptr<Connection>> Open();
  void GiveBack(std::unique_ptr<Connection> connection, bool discard);
  void ReportChange() const;

  const PoolConfig config_;
  Observer* const observer_;
  mutable absl::Mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_ ABSL_GUARDED_BY(mutex_);
  // Idle and lent ones, and those being opened.
  int open_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace sockel::pg
