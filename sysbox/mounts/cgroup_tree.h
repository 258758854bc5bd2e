// /sys/fs/cgroup as the container sees it: cgroup2 on a unified host; on v1 a
// tmpfs with one directory per hierarchy, hybrid's v2 below "unified". All
// rooted in the container's cgroup namespace. cgroup_namespaces(7).
#ifndef SYSBOX_MOUNTS_CGROUP_TREE_H_
#define SYSBOX_MOUNTS_CGROUP_TREE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/mount.h"
#include "sysbox/mounts/mount_plan.h"

namespace sysbox::mounts {

// One directory of a v1 tree, or the whole of a v2 one.
struct CgroupHierarchy {
  std::string directory;  // "cpu,cpuacct", "systemd", "unified"; v2: empty
  std::string type;       // "cgroup", "cgroup2"
  std::vector<FilesystemOption> options;
  std::vector<std::string> links;  // "cpu", "cpuacct": to `directory`
};

// From /proc/PID/cgroup. Pure. Unified hosts yield one without a directory.
absl::StatusOr<std::vector<CgroupHierarchy>> ParseHierarchies(
    std::string_view proc_cgroup);

// Init. Mounts onto the directory `target`, already resolved.
absl::Status AttachCgroupTree(const MountOp& op, FdRef target);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_CGROUP_TREE_H_
