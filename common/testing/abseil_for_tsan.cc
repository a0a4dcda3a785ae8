// Debian's Abseil is not instrumented: ThreadSanitizer sees neither what its
// mutexes order, in our code and in gRPC's, nor who holds which. These definitions
// take the place of the library's in a program that is built with it, tell
// ThreadSanitizer and call the library's.
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <cstdio>
#include <cstdlib>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace {

using absl::Condition;
using absl::CondVar;
using absl::Mutex;
using absl::Notification;

// The library's definition of the same name.
template <typename Function>
Function* Library(const char* mangled) {
  void* found = dlsym(RTLD_NEXT, mangled);
  if (found == nullptr) {
    std::fprintf(stderr, "Abseil has no %s: see %s\n", mangled, __FILE__);
    std::abort();
  }
  return reinterpret_cast<Function*>(found);
}

// What happens from PreLock to PostLock and from PreUnlock to PostUnlock is not
// looked at: the library's own accesses, and conditions of other threads, which it
// evaluates while it holds the mutex.
void PreLock(void* mutex, unsigned how = 0) { __tsan_mutex_pre_lock(mutex, how); }
void PostLock(void* mutex, unsigned how = 0) { __tsan_mutex_post_lock(mutex, how, 0); }
void PreUnlock(void* mutex, unsigned how = 0) { __tsan_mutex_pre_unlock(mutex, how); }
void PostUnlock(void* mutex, unsigned how = 0) { __tsan_mutex_post_unlock(mutex, how); }

// A call that takes the mutex, which is not held, and keeps it.
template <typename Call>
auto Taking(Mutex* mutex, unsigned how, const Call& call) {
  PreLock(mutex, how);
  if constexpr (std::is_void_v<decltype(call())>) {
    call();
    PostLock(mutex, how);
  } else {
    const auto result = call();
    PostLock(mutex, how);
    return result;
  }
}

// One that tries to.
template <typename Call>
bool Trying(Mutex* mutex, unsigned how, const Call& call) {
  how |= __tsan_mutex_try_lock;
  PreLock(mutex, how);
  const bool taken = call();
  PostLock(mutex, taken ? how : how | __tsan_mutex_try_lock_failed);
  return taken;
}

// One that gives the mutex away, which is held for writing, and takes it again.
template <typename Call>
auto Waiting(Mutex* mutex, const Call& call) {
  PreUnlock(mutex);
  PostUnlock(mutex);
  return Taking(mutex, 0, call);
}

}  // namespace

#define LIBRARY(type, name) static auto* const library = Library<type>("_ZN4absl7debian3" name)
#define LIBRARY_CONST(type, name) \
  static auto* const library = Library<type>("_ZNK4absl7debian3" name)

namespace absl {
ABSL_NAMESPACE_BEGIN

Mutex::~Mutex() {
  LIBRARY(void(Mutex*), "5MutexD1Ev");
  __tsan_mutex_destroy(this, __tsan_mutex_not_static);
  library(this);
}

void Mutex::Lock() {
  LIBRARY(void(Mutex*), "5Mutex4LockEv");
  Taking(this, 0, [&] { library(this); });
}
void Mutex::ReaderLock() {
  LIBRARY(void(Mutex*), "5Mutex10ReaderLockEv");
  Taking(this, __tsan_mutex_read_lock, [&] { library(this); });
}
bool Mutex::TryLock() {
  LIBRARY(bool(Mutex*), "5Mutex7TryLockEv");
  return Trying(this, 0, [&] { return library(this); });
}
bool Mutex::ReaderTryLock() {
  LIBRARY(bool(Mutex*), "5Mutex13ReaderTryLockEv");
  return Trying(this, __tsan_mutex_read_lock, [&] { return library(this); });
}
void Mutex::Unlock() {
  LIBRARY(void(Mutex*), "5Mutex6UnlockEv");
  PreUnlock(this);
  library(this);
  PostUnlock(this);
}
void Mutex::ReaderUnlock() {
  LIBRARY(void(Mutex*), "5Mutex12ReaderUnlockEv");
  PreUnlock(this, __tsan_mutex_read_lock);
  library(this);
  PostUnlock(this, __tsan_mutex_read_lock);
}

// The library gives the variants with a timeout to those with a deadline.
void Mutex::LockWhen(const Condition& condition) {
  LIBRARY(void(Mutex*, const Condition&), "5Mutex8LockWhenERKNS0_9ConditionE");
  Taking(this, 0, [&] { library(this, condition); });
}
bool Mutex::LockWhenWithDeadline(const Condition& condition, Time deadline) {
  LIBRARY(bool(Mutex*, const Condition&, Time),
          "5Mutex20LockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  return Taking(this, 0, [&] { return library(this, condition, deadline); });
}
void Mutex::Await(const Condition& condition) {
  LIBRARY(void(Mutex*, const Condition&), "5Mutex5AwaitERKNS0_9ConditionE");
  Waiting(this, [&] { library(this, condition); });
}
bool Mutex::AwaitWithDeadline(const Condition& condition, Time deadline) {
  LIBRARY(bool(Mutex*, const Condition&, Time),
          "5Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  return Waiting(this, [&] { return library(this, condition, deadline); });
}

void CondVar::Wait(Mutex* mutex) {
  LIBRARY(void(CondVar*, Mutex*), "7CondVar4WaitEPNS0_5MutexE");
  Waiting(mutex, [&] { library(this, mutex); });
}
bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  LIBRARY(bool(CondVar*, Mutex*, Time), "7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE");
  return Waiting(mutex, [&] { return library(this, mutex, deadline); });
}

// HasBeenNotified() reads the flag alone.
void Notification::Notify() {
  LIBRARY(void(Notification*), "12Notification6NotifyEv");
  __tsan_release(&notified_yet_);
  library(this);
}
void Notification::WaitForNotification() const {
  LIBRARY_CONST(void(const Notification*), "12Notification19WaitForNotificationEv");
  library(this);
  __tsan_acquire(const_cast<std::atomic<bool>*>(&notified_yet_));
}
bool Notification::WaitForNotificationWithTimeout(Duration timeout) const {
  LIBRARY_CONST(bool(const Notification*, Duration),
                "12Notification30WaitForNotificationWithTimeoutENS0_8DurationE");
  const bool notified = library(this, timeout);
  if (notified) __tsan_acquire(const_cast<std::atomic<bool>*>(&notified_yet_));
  return notified;
}
bool Notification::WaitForNotificationWithDeadline(Time deadline) const {
  LIBRARY_CONST(bool(const Notification*, Time),
                "12Notification31WaitForNotificationWithDeadlineENS0_4TimeE");
  const bool notified = library(this, deadline);
  if (notified) __tsan_acquire(const_cast<std::atomic<bool>*>(&notified_yet_));
  return notified;
}

ABSL_NAMESPACE_END
}  // namespace absl
