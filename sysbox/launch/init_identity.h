// What makes a container a machine of its own besides its files: host name,
// loopback, kernel parameters, keyring. Runs in init.
#ifndef SYSBOX_LAUNCH_INIT_IDENTITY_H_
#define SYSBOX_LAUNCH_INIT_IDENTITY_H_

#include "absl/status/status.h"
#include "sysbox/launch/launch_plan.h"
#include "sysbox/linux/fd.h"

namespace sysbox::launch {

// Host and domain name, and loopback up when the network namespace is new.
absl::Status SetIdentity(const LaunchPlan& plan);

// Writes the plan's sysctls through the container's /proc/sys, `root` being
// the container's root. `net.ipv4.ping_group_range` is cut down to the groups
// that exist inside. Those of a network namespace of the host's are left out
// (host_network.h). Errors name the sysctl.
absl::Status WriteSysctls(const LaunchPlan& plan, FdRef root);

}  // namespace sysbox::launch

#endif  // SYSBOX_LAUNCH_INIT_IDENTITY_H_
