// Tells ThreadSanitizer about the synchronisation inside Debian's Abseil,
// which is not built with it: without this every mutex-guarded variable would
// look like a race. Each function below replaces, through ld's --wrap (see
// BUILD.bazel), the Abseil function its symbol names, and adds what that one
// orders: what precedes a release() of an address happens before whatever
// follows an acquire() of it. Reader locks are ordered among themselves too;
// readers do not race.

#include "absl/status/status.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
}

namespace {

using absl::BlockingCounter;
using absl::Condition;
using absl::CondVar;
using absl::Duration;
using absl::Mutex;
using absl::Notification;
using absl::Time;

// A thread that unlocks evaluates the conditions of the waiters while it still
// holds the mutex but after its release() here: those reads are no race.
template <typename Call>
auto WithoutReads(Call call) {
  struct IgnoreReads {
    IgnoreReads() { AnnotateIgnoreReadsBegin(__FILE__, __LINE__); }
    ~IgnoreReads() { AnnotateIgnoreReadsEnd(__FILE__, __LINE__); }
  } ignore_reads;
  return call();
}

// Entered and left with the mutex held.
template <typename Call>
auto Waiting(Mutex* mutex, Call call) {
  struct Acquire {
    ~Acquire() { __tsan_acquire(mutex); }
    Mutex* mutex;
  } acquire{mutex};
  __tsan_release(mutex);
  return WithoutReads(call);
}

// The inline HasBeenNotified() loads the flag that follows the mutex.
void* NotifiedFlag(const Notification* notification) {
  auto* address = reinterpret_cast<const char*>(notification) + sizeof(Mutex);
  return const_cast<char*>(address);
}

}  // namespace

#define WRAP(result, symbol, ...)                 \
  extern "C" result __real_##symbol(__VA_ARGS__); \
  extern "C" result __wrap_##symbol(__VA_ARGS__)

#define WRAP_LOCK(symbol)            \
  WRAP(void, symbol, Mutex* mutex) { \
    __real_##symbol(mutex);          \
    __tsan_acquire(mutex);           \
  }

#define WRAP_TRY_LOCK(symbol)                   \
  WRAP(bool, symbol, Mutex* mutex) {            \
    const bool locked = __real_##symbol(mutex); \
    if (locked) __tsan_acquire(mutex);          \
    return locked;                              \
  }

#define WRAP_UNLOCK(symbol)                        \
  WRAP(void, symbol, Mutex* mutex) {               \
    __tsan_release(mutex);                         \
    WithoutReads([&] { __real_##symbol(mutex); }); \
  }

#define WRAP_LOCK_WHEN(symbol)                                   \
  WRAP(void, symbol, Mutex* mutex, const Condition& condition) { \
    WithoutReads([&] { __real_##symbol(mutex, condition); });    \
    __tsan_acquire(mutex);                                       \
  }

#define WRAP_LOCK_WHEN_LIMITED(symbol, Limit)                                 \
  WRAP(bool, symbol, Mutex* mutex, const Condition& condition, Limit limit) { \
    const bool holds = WithoutReads(                                          \
        [&] { return __real_##symbol(mutex, condition, limit); });            \
    __tsan_acquire(mutex);                                                    \
    return holds;                                                             \
  }

#define WRAP_AWAIT(symbol)                                       \
  WRAP(void, symbol, Mutex* mutex, const Condition& condition) { \
    Waiting(mutex, [&] { __real_##symbol(mutex, condition); });  \
  }

#define WRAP_AWAIT_LIMITED(symbol, Limit)                                     \
  WRAP(bool, symbol, Mutex* mutex, const Condition& condition, Limit limit) { \
    return Waiting(mutex,                                                     \
                   [&] { return __real_##symbol(mutex, condition, limit); }); \
  }

#define WRAP_CONDVAR_LIMITED(symbol, Limit)                                 \
  WRAP(bool, symbol, CondVar* condvar, Mutex* mutex, Limit limit) {         \
    return Waiting(mutex,                                                   \
                   [&] { return __real_##symbol(condvar, mutex, limit); }); \
  }

#define WRAP_NOTIFIED_LIMITED(symbol, Limit)                          \
  WRAP(bool, symbol, const Notification* notification, Limit limit) { \
    const bool notified = __real_##symbol(notification, limit);       \
    if (notified) __tsan_acquire(NotifiedFlag(notification));         \
    return notified;                                                  \
  }

WRAP_LOCK(_ZN4absl7debian35Mutex4LockEv)
WRAP_LOCK(_ZN4absl7debian35Mutex10ReaderLockEv)
WRAP_TRY_LOCK(_ZN4absl7debian35Mutex7TryLockEv)
WRAP_TRY_LOCK(_ZN4absl7debian35Mutex13ReaderTryLockEv)
WRAP_UNLOCK(_ZN4absl7debian35Mutex6UnlockEv)
WRAP_UNLOCK(_ZN4absl7debian35Mutex12ReaderUnlockEv)

WRAP_LOCK_WHEN(_ZN4absl7debian35Mutex8LockWhenERKNS0_9ConditionE)
WRAP_LOCK_WHEN(_ZN4absl7debian35Mutex14ReaderLockWhenERKNS0_9ConditionE)
WRAP_LOCK_WHEN_LIMITED(
    _ZN4absl7debian35Mutex19LockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE,
    Duration)
WRAP_LOCK_WHEN_LIMITED(
    _ZN4absl7debian35Mutex20LockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE,
    Time)
WRAP_AWAIT(_ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE)
WRAP_AWAIT_LIMITED(
    _ZN4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE,
    Duration)
WRAP_AWAIT_LIMITED(
    _ZN4absl7debian35Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE, Time)

WRAP(void, _ZN4absl7debian37CondVar4WaitEPNS0_5MutexE, CondVar* condvar,
     Mutex* mutex) {
  Waiting(mutex, [&] {
    __real__ZN4absl7debian37CondVar4WaitEPNS0_5MutexE(condvar, mutex);
  });
}
WRAP_CONDVAR_LIMITED(
    _ZN4absl7debian37CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE,
    Duration)
WRAP_CONDVAR_LIMITED(
    _ZN4absl7debian37CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE, Time)

WRAP(void, _ZN4absl7debian312Notification6NotifyEv,
     Notification* notification) {
  __tsan_release(NotifiedFlag(notification));
  __real__ZN4absl7debian312Notification6NotifyEv(notification);
}
WRAP(void, _ZNK4absl7debian312Notification19WaitForNotificationEv,
     const Notification* notification) {
  __real__ZNK4absl7debian312Notification19WaitForNotificationEv(notification);
  __tsan_acquire(NotifiedFlag(notification));
}
WRAP_NOTIFIED_LIMITED(
    _ZNK4absl7debian312Notification30WaitForNotificationWithTimeoutENS0_8DurationE,
    Duration)
WRAP_NOTIFIED_LIMITED(
    _ZNK4absl7debian312Notification31WaitForNotificationWithDeadlineENS0_4TimeE,
    Time)

WRAP(bool, _ZN4absl7debian315BlockingCounter14DecrementCountEv,
     BlockingCounter* counter) {
  __tsan_release(counter);
  return __real__ZN4absl7debian315BlockingCounter14DecrementCountEv(counter);
}
WRAP(void, _ZN4absl7debian315BlockingCounter4WaitEv, BlockingCounter* counter) {
  __real__ZN4absl7debian315BlockingCounter4WaitEv(counter);
  __tsan_acquire(counter);
}

// Frees what another thread's copy of the status may have read last.
WRAP(void, _ZN4absl7debian36Status15UnrefNonInlinedEm, uintptr_t rep) {
  void* address = reinterpret_cast<void*>(rep & ~uintptr_t{3});
  __tsan_release(address);
  __tsan_acquire(address);
  __real__ZN4absl7debian36Status15UnrefNonInlinedEm(rep);
}
