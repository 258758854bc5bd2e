// Stage 2: the process that becomes a container's pid 1, or an exec's process.
// Runs after clone3 in the new namespaces; talks only through its channel;
// single-threaded; never returns.
#ifndef SYSBOX_LAUNCH_STAGE2_INIT_H_
#define SYSBOX_LAUNCH_STAGE2_INIT_H_

#include <vector>

#include "sysbox/launch/launch_plan.h"
#include "sysbox/launch/launcher.h"
#include "sysbox/launch/sync.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/process.h"

namespace sysbox::launch {

// The container's pid 1, from clone3 to execve; the steps are in sync.h.
[[noreturn]] void RunInit(const LaunchPlan& plan, const LaunchFds& fds,
                          SyncChannel channel);

// A further process: joins `init`'s namespaces, then the same last steps.
[[noreturn]] void RunExec(const ExecPlan& plan, const Pidfd& init,
                          const LaunchFds& fds, SyncChannel channel);

}  // namespace sysbox::launch

#endif  // SYSBOX_LAUNCH_STAGE2_INIT_H_
