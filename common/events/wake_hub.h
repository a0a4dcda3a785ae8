#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace sockel::events {

// Wakes those who wait for a tenant's news, or for time to pass: once each.
// One thread for any number of waiters. Thread-safe.
class WakeHub {
 public:
  using Wake = std::function<void()>;

  WakeHub();
  ~WakeHub();  // waiters that are left are not woken any more
  WakeHub(const WakeHub&) = delete;
  WakeHub& operator=(const WakeHub&) = delete;

  // The tenant has news; empty or `*`: all may have.
  void Announce(std::string_view tenant);

  // How to miss nothing: take the ticket, look, and if there is nothing, wait
  // with that ticket. News since then wakes at once.
  std::uint64_t Ticket(std::string_view tenant) const;
  // `wake` is called from some thread, perhaps before this returns.
  void Wait(std::string_view tenant, std::uint64_t ticket, absl::Duration at_most, Wake wake);

  // How many wait; for metrics.
  std::size_t waiting() const;

 private:
  // Tenants share counters: an unneeded look costs less than a counter each.
  static constexpr std::size_t kCounters = 1024;
  struct Waiter {
    std::size_t counter;
    Wake wake;
  };

  static std::size_t CounterOf(std::string_view tenant);
  void Run();
  bool MustRun() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::array<std::uint64_t, kCounters> counters_ ABSL_GUARDED_BY(mutex_){};
  std::multimap<absl::Time, Waiter> waiters_ ABSL_GUARDED_BY(mutex_);
  bool announced_ ABSL_GUARDED_BY(mutex_) = false;
  std::array<bool, kCounters> news_ ABSL_GUARDED_BY(mutex_){};
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // When the thread sleeps until; a waiter with an earlier time shortens it.
  absl::Time sleeping_until_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::thread thread_;
};

}  // namespace sockel::events
