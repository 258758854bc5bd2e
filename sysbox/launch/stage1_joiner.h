// Stage 1: a short-lived process between launcher and init, used only when
// init must start out in namespaces or a cgroup that clone3 alone cannot give:
// namespaces joined by path, another container's user namespace, time offsets,
// a cgroup namespace rooted above init's own cgroup. It forks init as the
// launcher's child (CLONE_PARENT), reports it as kForked, and is gone.
#ifndef SYSBOX_LAUNCH_STAGE1_JOINER_H_
#define SYSBOX_LAUNCH_STAGE1_JOINER_H_

#include <utility>
#include <vector>

#include "sysbox/launch/launch_plan.h"
#include "sysbox/launch/launcher.h"
#include "sysbox/launch/sync.h"
#include "sysbox/linux/fd.h"

namespace sysbox::launch {

// Opened by the launcher, in the order to join: the user namespace last, as
// entering it gives up the host's rights.
using NamespacesToJoin = std::vector<std::pair<NamespaceType, Fd>>;

[[noreturn]] void RunJoiner(const LaunchPlan& plan, const LaunchFds& fds,
                            const NamespacesToJoin& joined,
                            SyncChannel channel);

}  // namespace sysbox::launch

#endif  // SYSBOX_LAUNCH_STAGE1_JOINER_H_
