#include "common/pg/listener.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include <pqxx/pqxx>

#include "absl/time/clock.h"
#include "common/log/log.h"
#include "common/pg/connection.h"

namespace sockel::pg {
namespace {

// An idle connection is asked whether it is alive.
constexpr int kIdleMilliseconds = 30'000;
constexpr absl::Duration kFirstBackOff = absl::Milliseconds(50);
constexpr absl::Duration kLongestBackOff = absl::Seconds(2);

int NewEventFd() {
  const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) throw std::runtime_error("no file descriptor for the listener");
  return fd;
}

}  // namespace

struct Listener::Subscription::Entry {
  Entry(std::string_view to, Callback fn) : channel(to), callback(std::move(fn)) {}

  void Call(std::string_view payload) {
    const std::lock_guard lock(mutex);
    if (!active) return;
    try {
      callback(payload);
    } catch (const std::exception& e) {
      log::Error("listener callback failed", {{"channel", channel}, {"error", e.what()}});
    }
  }

  const std::string channel;
  const Callback callback;
  // Recursive: a callback may cancel its own subscription.
  std::recursive_mutex mutex;
  bool active = true;
  // Only touched by the listener's thread: told that the subscription is on.
  bool welcomed = false;
};

// Registers itself with the connection: LISTEN.
class Listener::Receiver final : public pqxx::notification_receiver {
 public:
  Receiver(pqxx::connection_base& connection, const std::string& channel, Listener& listener)
      : pqxx::notification_receiver(connection, channel), listener_(listener) {}
  void operator()(const std::string& payload, int /*backend_pid*/) override {
    listener_.Dispatch(channel(), payload);
  }

 private:
  Listener& listener_;
};

Listener::Subscription::Subscription(Subscription&& other) noexcept
    : listener_(std::exchange(other.listener_, nullptr)), entry_(std::move(other.entry_)) {}

Listener::Subscription& Listener::Subscription::operator=(Subscription&& other) noexcept {
  if (this != &other) {
    Cancel();
    listener_ = std::exchange(other.listener_, nullptr);
    entry_ = std::move(other.entry_);
  }
  return *this;
}

void Listener::Subscription::Cancel() {
  if (entry_ == nullptr) return;
  const std::shared_ptr<Entry> entry = std::move(entry_);
  listener_->Remove(entry);
  const std::lock_guard lock(entry->mutex);
  entry->active = false;
}

Listener::Listener(std::string conninfo, std::string password_file, std::string application_name)
    : conninfo_(std::move(conninfo)),
      password_file_(std::move(password_file)),
      application_name_(std::move(application_name)),
      wake_fd_(NewEventFd()),
      thread_([this] { Run(); }) {}

Listener::~Listener() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  WakeUp();
  thread_.join();
  close(wake_fd_);
}

Listener::Subscription Listener::Subscribe(std::string_view channel, Callback callback) {
  auto entry = std::make_shared<Entry>(channel, std::move(callback));
  {
    absl::MutexLock lock(&mutex_);
    entries_.push_back(entry);
  }
  WakeUp();
  return {this, std::move(entry)};
}

void Listener::Remove(const std::shared_ptr<Entry>& entry) {
  absl::MutexLock lock(&mutex_);
  entries_.erase(std::remove(entries_.begin(), entries_.end(), entry), entries_.end());
}

void Listener::WakeUp() const { eventfd_write(wake_fd_, 1); }

bool Listener::Stopping() const {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

void Listener::Run() {
  absl::Duration pause = kFirstBackOff;
  while (!Stopping()) {
    const absl::Time start = absl::Now();
    try {
      Serve();
      return;
    } catch (const std::exception& e) {
      log::Warning("lost the connection that listens for notifications", {{"error", e.what()}});
    }
    if (absl::Now() - start > absl::Seconds(10)) pause = kFirstBackOff;
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(&stopping_), pause);
    pause = std::min(pause * 2, kLongestBackOff);
  }
}

// One connection's life. Returns when the listener stops; throws when the
// connection is lost.
void Listener::Serve() {
  pqxx::connection connection(SessionConninfo(conninfo_, password_file_, application_name_));
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& entry : entries_) entry->welcomed = false;
  }
  std::map<std::string, std::unique_ptr<Receiver>> receivers;
  while (!Stopping()) {
    ListenToNew(connection, receivers);
    Wait(connection);
    connection.get_notifs();
    if (!connection.is_open()) throw pqxx::broken_connection("connection lost");
  }
}

void Listener::Wait(pqxx::connection_base& connection) {
  pollfd fds[] = {{connection.sock(), POLLIN, 0}, {wake_fd_, POLLIN, 0}};
  const int ready = poll(fds, 2, kIdleMilliseconds);
  if (ready < 0 && errno != EINTR) throw std::runtime_error("poll failed");
  if (ready == 0) pqxx::nontransaction(connection).exec("SELECT 1");
  eventfd_t ignored = 0;
  if ((fds[1].revents & POLLIN) != 0) eventfd_read(wake_fd_, &ignored);
}

void Listener::ListenToNew(pqxx::connection_base& connection,
                           std::map<std::string, std::unique_ptr<Receiver>>& receivers) {
  std::vector<std::shared_ptr<Entry>> fresh;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& entry : entries_) {
      if (!entry->welcomed) fresh.push_back(entry);
    }
  }
  for (const auto& entry : fresh) {
    std::unique_ptr<Receiver>& receiver = receivers[entry->channel];
    if (receiver == nullptr) {
      receiver = std::make_unique<Receiver>(connection, entry->channel, *this);
    }
    entry->welcomed = true;
    entry->Call("");
  }
}

void Listener::Dispatch(const std::string& channel, std::string_view payload) {
  std::vector<std::shared_ptr<Entry>> interested;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& entry : entries_) {
      if (entry->channel == channel) interested.push_back(entry);
    }
  }
  for (const auto& entry : interested) entry->Call(payload);
}

}  // namespace sockel::pg
