// SIGKILL to every process of a cgroup tree, where the kernel has no
// cgroup.kill.
#ifndef SYSBOX_CGROUPS_PROCESS_KILLER_H_
#define SYSBOX_CGROUPS_PROCESS_KILLER_H_

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox::cgroups {

// Signals every process found in `root` and below; returns how many. Never
// hits a process that took over a pid meanwhile: pidfds are opened first,
// then membership is read again. Forks that happen in between are missed, so
// freeze first or call again until it returns 0.
absl::StatusOr<size_t> KillProcessesBelow(FdRef root);

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_PROCESS_KILLER_H_
