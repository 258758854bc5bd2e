// The terminal and standard streams of a process about to be executed inside
// a container. Runs in init (or an exec's process), inside the container.
#ifndef SYSBOX_LAUNCH_INIT_CONSOLE_H_
#define SYSBOX_LAUNCH_INIT_CONSOLE_H_

#include "absl/status/status.h"
#include "sysbox/launch/launch_plan.h"
#include "sysbox/launch/sync.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/terminal.h"

namespace sysbox::launch {

// A new terminal from the container's own devpts below `root`; its master goes
// to the launcher as kTerminal.
absl::StatusOr<Terminal> MakeTerminal(FdRef root, const ProcessPlan& plan,
                                      SyncChannel& channel);

// Binds the terminal onto /dev/console below `root`, for pid 1.
absl::Status AttachConsole(FdRef root, const Terminal& terminal);

// After setsid: the terminal becomes the controlling terminal and
// standard input, output and error, owned by the process's user.
absl::Status AdoptTerminal(const Terminal& terminal, const ProcessPlan& plan);

}  // namespace sysbox::launch

#endif  // SYSBOX_LAUNCH_INIT_CONSOLE_H_
