#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace pqxx {
class connection_base;
}

namespace sockel::pg {

// One connection that LISTENs for everybody in this process. Thread-safe.
//
// A notification is only a hint that it is worth looking: subscribers are also
// called with an empty payload when their subscription takes effect and after
// every reconnection, because what was notified in between is lost. Whoever
// looks at the tables on every call misses nothing.
class Listener {
 public:
  using Callback = std::function<void(std::string_view payload)>;

  // Connects in the background, and again (with backoff) whenever it must. All
  // as in PoolConfig.
  explicit Listener(std::string conninfo, std::string password_file = "",
                    std::string application_name = "sockel");
  ~Listener();  // every Subscription must be gone
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Ends the subscription when destroyed; waits for a running callback, unless
  // destroyed by it. Afterwards the callback is not called any more.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(Subscription&& other) noexcept;
    Subscription& operator=(Subscription&& other) noexcept;
    ~Subscription() { Cancel(); }
    void Cancel();

   private:
    friend class Listener;
    struct Entry;
    Subscription(Listener* listener, std::shared_ptr<Entry> entry)
        : listener_(listener), entry_(std::move(entry)) {}
    Listener* listener_ = nullptr;
    std::shared_ptr<Entry> entry_;
  };

  // `callback` runs on the listener's thread: it must be quick and not throw.
  [[nodiscard]] Subscription Subscribe(std::string_view channel, Callback callback);

 private:
  using Entry = Subscription::Entry;
  class Receiver;

  void Run();
  void Serve();
  void Wait(pqxx::connection_base& connection);
  void ListenToNew(pqxx::connection_base& connection,
                   std::map<std::string, std::unique_ptr<Receiver>>& receivers);
  void Dispatch(const std::string& channel, std::string_view payload);
  void Remove(const std::shared_ptr<Entry>& entry);
  void WakeUp() const;
  bool Stopping() const;

  const std::string conninfo_;
  const std::string password_file_;
  const std::string application_name_;
  const int wake_fd_;
  mutable absl::Mutex mutex_;
  std::vector<std::shared_ptr<Entry>> entries_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sockel::pg
