#include "sysbox/linux/detached_thread.h"

#include <pthread.h>

#include <memory>
#include <utility>

#include "sysbox/base/status.h"

namespace sysbox {
namespace {

using Body = std::function<void()>;

void* Run(void* argument) {
  const std::unique_ptr<Body> body(static_cast<Body*>(argument));
  (*body)();
  return nullptr;
}

}  // namespace

absl::Status StartDetachedThread(Body body) {
  auto owned = std::make_unique<Body>(std::move(body));
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, Run, owned.get());
  pthread_attr_destroy(&attributes);
  if (error != 0) return ErrnoStatus(error, "start thread");
  (void)owned.release();  // the thread's
  return absl::OkStatus();
}

}  // namespace sysbox
