#include "common/rpc/open_streams.h"

#include <algorithm>

#include "absl/time/clock.h"

namespace sockel::rpc::internal {

OpenStreams::OpenStreams(int most, absl::Duration idle_limit)
    : most_(most), idle_limit_(idle_limit), watch_([this] { Watch(); }) {}

OpenStreams::~OpenStreams() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  watch_.join();
}

void OpenStreams::Add(OpenStream& stream) {
  absl::MutexLock lock(&mutex_);
  streams_.emplace(&stream, Entry());
  // Admitted a moment before draining began, it was not in the list then.
  if (draining_) stream.OnDrain();
}

bool OpenStreams::TakePlace(OpenStream& stream) {
  absl::MutexLock lock(&mutex_);
  if (taken_ >= most_) return false;
  ++taken_;
  streams_[&stream].placed = true;
  return true;
}

bool OpenStreams::Assign(OpenStream& stream, std::string_view tenant) {
  absl::MutexLock lock(&mutex_);
  Entry& entry = streams_[&stream];
  int& taken = taken_by_tenant_[std::string(tenant)];
  if (taken >= std::max(most_ / 2, 1)) return false;
  ++taken;
  entry.tenant = tenant;
  return true;
}

void OpenStreams::Remove(OpenStream& stream) {
  absl::MutexLock lock(&mutex_);
  const auto found = streams_.find(&stream);
  if (found == streams_.end()) return;
  if (found->second.placed) --taken_;
  const auto taken = taken_by_tenant_.find(found->second.tenant);
  if (taken != taken_by_tenant_.end() && --taken->second == 0) taken_by_tenant_.erase(taken);
  streams_.erase(found);
}

void OpenStreams::Drain() {
  absl::MutexLock lock(&mutex_);
  draining_ = true;
  for (const auto& [stream, entry] : streams_) stream->OnDrain();
}

void OpenStreams::Watch() {
  absl::MutexLock lock(&mutex_);
  while (!mutex_.AwaitWithTimeout(absl::Condition(&stopping_), idle_limit_ / 4)) {
    const absl::Time since = absl::Now() - idle_limit_;
    for (const auto& [stream, entry] : streams_) stream->OnIdleCheck(since);
  }
}

}  // namespace sockel::rpc::internal
