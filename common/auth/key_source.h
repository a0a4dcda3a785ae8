#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "common/auth/jose.h"

namespace sockel::auth {

// Where the keys that sign access tokens come from. Thread-safe.
class KeySource {
 public:
  virtual ~KeySource() = default;

  // The key of this id among those known now; never waits.
  virtual std::optional<Key> Find(std::string_view key_id) const = 0;

  // Grows whenever a key was withdrawn: what was verified before must be
  // verified again.
  virtual uint64_t Generation() const = 0;

  // True when some key was ever known. False: nobody can be authenticated yet.
  virtual bool Ready() const = 0;

  // Called when Find knew no such key: asks the origin again and waits at most
  // half a second for the answer. Rate limited, so that invented key ids cost
  // nothing. Returns whether the keys may have changed.
  virtual bool Refresh() = 0;
};

// Keys held in this process: identity itself, and tests. Thread-safe.
class LocalKeySource final : public KeySource {
 public:
  LocalKeySource() = default;
  explicit LocalKeySource(const std::vector<Key>& keys) { Set(keys); }

  // Replaces all keys: those that sign, those published ahead, and those whose
  // tokens still live.
  void Set(const std::vector<Key>& keys) ABSL_LOCKS_EXCLUDED(mutex_);

  std::optional<Key> Find(std::string_view key_id) const override;
  bool Ready() const override;
  uint64_t Generation() const override { return generation_.load(std::memory_order_acquire); }
  bool Refresh() override { return false; }

 private:
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Key> keys_ ABSL_GUARDED_BY(mutex_);
  std::atomic<uint64_t> generation_{0};
};

}  // namespace sockel::auth
