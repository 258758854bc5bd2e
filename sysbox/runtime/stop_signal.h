// What "stop" means to a container's init.
#ifndef SYSBOX_RUNTIME_STOP_SIGNAL_H_
#define SYSBOX_RUNTIME_STOP_SIGNAL_H_

#include "absl/status/status.h"
#include "sysbox/linux/process.h"

namespace sysbox::runtime {

// Sends `signal` to an init; SIGTERM, with which engines and service managers
// ask for the end, as what its program takes for that: systemd(1) shuts down
// on SIGRTMIN+3, and starts itself anew on SIGTERM. The program is told by its
// name (/proc/PID/comm), whatever started it; who names himself so deceives
// nobody but himself.
absl::Status SignalInit(const Pidfd& init, int signal);

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_STOP_SIGNAL_H_
