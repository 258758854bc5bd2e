// A network namespace to join that is the host's root's, as Podman makes it
// for a container without a user namespace of Podman's making. The container's
// root has no rights over it, so what config.json sets there is set for it.
#ifndef SYSBOX_LAUNCH_HOST_NETWORK_H_
#define SYSBOX_LAUNCH_HOST_NETWORK_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "sysbox/ids/id_range.h"
#include "sysbox/launch/launch_plan.h"

namespace sysbox::launch {

// "net.ipv4.…", in either spelling.
bool IsNetworkSysctl(std::string_view name);

// Writes the plan's sysctls of the calling thread's network namespace, as the
// host's root, through the host's /proc/sys/net and nowhere else. Group ids
// are the container's.
absl::Status WriteNetworkSysctls(const LaunchPlan& plan);

// "0 2147483647" of net.ipv4.ping_group_range, for a container whose group ids
// have these names on the host. Pure; what is no range stays as it is.
std::string HostPingGroups(const std::string& value, const IdMap& groups);

}  // namespace sysbox::launch

#endif  // SYSBOX_LAUNCH_HOST_NETWORK_H_
