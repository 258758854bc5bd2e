// The last steps of every process that starts in a container, shared by pid 1
// and execs: keyring, directory, credentials, handshake, execve.
#ifndef SYSBOX_LAUNCH_BECOME_PROGRAM_H_
#define SYSBOX_LAUNCH_BECOME_PROGRAM_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "sysbox/launch/launch_plan.h"
#include "sysbox/launch/launcher.h"
#include "sysbox/launch/sync.h"
#include "sysbox/linux/fd.h"

namespace sysbox::launch {

// What `start` releases: pid 1 waits on `fifo`, enters its cgroup's leaf, then
// runs the startContainer hooks. Default: nothing of this.
struct StartGate {
  FdRef fifo{-1};
  CgroupLeaf leaf;
  const std::vector<oci::Hook>* start_container_hooks = nullptr;
};

// Returns only on error. Once past the gate there is no launcher to tell any
// more: then it writes the error to standard error and exits as runc does.
absl::Status BecomeProgram(const ProcessPlan& plan, FdRef root,
                           const StartGate& gate, SyncChannel& channel);

}  // namespace sysbox::launch

#endif  // SYSBOX_LAUNCH_BECOME_PROGRAM_H_
