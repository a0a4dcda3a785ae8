#include "common/events/wake_hub.h"

#include <utility>
#include <vector>

#include "absl/time/clock.h"

namespace sockel::events {

WakeHub::WakeHub() : thread_([this] { Run(); }) {}

WakeHub::~WakeHub() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

std::size_t WakeHub::CounterOf(std::string_view tenant) {
  return std::hash<std::string_view>{}(tenant) % kCounters;
}

void WakeHub::Announce(std::string_view tenant) {
  absl::MutexLock lock(&mutex_);
  if (tenant.empty() || tenant == "*") {
    for (std::uint64_t& counter : counters_) ++counter;
    news_.fill(true);
  } else {
    const std::size_t counter = CounterOf(tenant);
    ++counters_[counter];
    news_[counter] = true;
  }
  announced_ = true;
}

std::uint64_t WakeHub::Ticket(std::string_view tenant) const {
  absl::MutexLock lock(&mutex_);
  return counters_[CounterOf(tenant)];
}

void WakeHub::Wait(std::string_view tenant, std::uint64_t ticket, absl::Duration at_most,
                   Wake wake) {
  const std::size_t counter = CounterOf(tenant);
  {
    absl::MutexLock lock(&mutex_);
    if (counters_[counter] == ticket) {
      waiters_.emplace(absl::Now() + at_most, Waiter{counter, std::move(wake)});
      return;
    }
  }
  wake();
}

std::size_t WakeHub::waiting() const {
  absl::MutexLock lock(&mutex_);
  return waiters_.size();
}

bool WakeHub::MustRun() const {
  return stopping_ || announced_ ||
         (!waiters_.empty() && waiters_.begin()->first < sleeping_until_);
}

void WakeHub::Run() {
  while (true) {
    std::vector<Wake> due;
    {
      absl::MutexLock lock(&mutex_);
      sleeping_until_ = waiters_.empty() ? absl::InfiniteFuture() : waiters_.begin()->first;
      mutex_.AwaitWithDeadline(absl::Condition(this, &WakeHub::MustRun), sleeping_until_);
      if (stopping_) return;
      const absl::Time now = absl::Now();
      for (auto it = waiters_.begin(); it != waiters_.end();) {
        const bool told = announced_ && news_[it->second.counter];
        if (!told && it->first > now) {
          if (!announced_) break;  // the others wait longer still
          ++it;
          continue;
        }
        due.push_back(std::move(it->second.wake));
        it = waiters_.erase(it);
      }
      announced_ = false;
      news_.fill(false);
    }
    for (const Wake& wake : due) wake();
  }
}

}  // namespace sockel::events
