// The cgroups of a process that starts in a container, entered by itself.
#ifndef SYSBOX_LAUNCH_INIT_CGROUP_H_
#define SYSBOX_LAUNCH_INIT_CGROUP_H_

#include "absl/status/status.h"
#include "sysbox/launch/launcher.h"

namespace sysbox::launch {

// v1: the process enters each cgroup itself, which, unlike being moved, waits
// for no RCU grace period. It must still be the host's root here.
absl::Status EnterCgroups(const LaunchFds& fds);

// v2: init, in its leaf already, gets a cgroup namespace with the directory
// `root` above as its root, where the container's root may write. Made by a
// child, for it is a process's cgroup at its birth that becomes the root.
absl::Status EnterCgroupNamespaceAt(FdRef root);

// v2: init goes where it is to run, and gives its cgroup's children their
// controllers. Closes `leaf`'s descriptors. Any user may call this: the kernel
// asks who opened them. Waits for an RCU grace period.
absl::Status EnterLeaf(const CgroupLeaf& leaf);

}  // namespace sysbox::launch

#endif  // SYSBOX_LAUNCH_INIT_CGROUP_H_
