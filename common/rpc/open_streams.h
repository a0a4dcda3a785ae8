#pragma once

#include <string>
#include <string_view>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace sockel::rpc::internal {

// A stream that is open. Its functions are called with the list locked: they
// must not block. They may lock the stream, so nobody comes here who holds that
// lock.
class OpenStream {
 public:
  virtual ~OpenStream() = default;
  // The server is stopping: who only waits shall end.
  virtual void OnDrain() = 0;
  // From time to time. Who has waited for its client since before `since`, or
  // waits for one that was stopped, shall end.
  virtual void OnIdleCheck(absl::Time since) = 0;
};

// All streams of a dispatcher, so that draining and idleness can end them, and
// the places that bound their number. Thread-safe.
class OpenStreams {
 public:
  // `most`: places. A client may be silent for `idle_limit`.
  OpenStreams(int most, absl::Duration idle_limit);
  ~OpenStreams();
  OpenStreams(const OpenStreams&) = delete;
  OpenStreams& operator=(const OpenStreams&) = delete;

  void Add(OpenStream& stream);
  // Before it does anything: false when all places are taken. A stream that
  // has not said yet who it is has none, so that strangers cannot take them.
  bool TakePlace(OpenStream& stream);
  // Once it is known whose it is: false when that tenant has half of the places
  // already. The others' streams shall find room whatever one does.
  bool Assign(OpenStream& stream, std::string_view tenant);
  // Once, at its end; gives the place back.
  void Remove(OpenStream& stream);

  void Drain();

 private:
  struct Entry {
    bool placed = false;
    std::string tenant;  // once it is known
  };

  void Watch();

  const int most_;
  const absl::Duration idle_limit_;
  absl::Mutex mutex_;
  absl::flat_hash_map<OpenStream*, Entry> streams_ ABSL_GUARDED_BY(mutex_);
  int taken_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<std::string, int> taken_by_tenant_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread watch_;
};

}  // namespace sockel::rpc::internal
