#pragma once

#include <atomic>

namespace sockel::notification {

// How many lanes at once may wait long for the answer of a relay. The others
// stay free: a relay that takes mails and falls silent must not stop inboxes
// and emergencies too. Thread-safe.
class LongWaits {
 public:
  explicit LongWaits(int most) : free_(most) {}

  // False when enough lanes wait already; else End() must follow.
  bool Begin() {
    if (free_.fetch_sub(1) > 0) return true;
    End();
    return false;
  }
  void End() { free_.fetch_add(1); }

 private:
  std::atomic<int> free_;
};

}  // namespace sockel::notification
