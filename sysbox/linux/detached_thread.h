// Threads that nobody waits for. Unlike std::thread's, the lack of one is an
// error, not the end of the process: containers may use up a host's numbers.
#ifndef SYSBOX_LINUX_DETACHED_THREAD_H_
#define SYSBOX_LINUX_DETACHED_THREAD_H_

#include <functional>

#include "absl/status/status.h"

namespace sysbox {

// EAGAIN: there can be no more threads now. pthread_create(3).
absl::Status StartDetachedThread(std::function<void()> body);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_DETACHED_THREAD_H_
