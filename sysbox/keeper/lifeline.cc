#include "sysbox/keeper/lifeline.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>

#include "absl/synchronization/notification.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/dying_process.h"

namespace sysbox::keeper {
namespace {

constexpr size_t kStack = size_t{256} << 10;

struct Handover {
  FdRef end;
  absl::Status status;
  absl::Notification done;
};

void* HoldUntilDeath(void* argument) {
  auto& handover = *static_cast<Handover*>(argument);
  handover.status = KeepOnly(handover.end);
  const bool alone = handover.status.ok();
  handover.done.Notify();  // `handover` is gone from here on
  while (alone) pause();
  return nullptr;
}

// It takes no signals: they are for others.
int StartThread(void* (*body)(void*), void* argument) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStack);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, body, argument);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return error;
}

}  // namespace

absl::Status HoldLifeline(Fd end) {
  Handover handover = {.end = end, .status = absl::OkStatus(), .done = {}};
  const int error = StartThread(HoldUntilDeath, &handover);
  if (error != 0) return ErrnoStatus(error, "start the lifeline's thread");
  handover.done.WaitForNotification();
  return handover.status;
}

}  // namespace sysbox::keeper
