// Carries out a MountPlan, half in the launcher and half in init. See
// mount_plan.h for who does what. Nothing here logs or keeps state.
#ifndef SYSBOX_MOUNTS_APPLY_H_
#define SYSBOX_MOUNTS_APPLY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/mount.h"
#include "sysbox/mounts/mount_plan.h"

namespace sysbox::mounts {

// Launcher, host root, in the host's mount namespace: index 0 is the rootfs,
// then one per op for which NeedsLauncher(op) holds, in op order. An optional
// op whose source is absent yields an invalid DetachedMount.
// `user_namespace` is the container's, with maps written; invalid when the
// container has none of its own ids to map to.
//
// Clones that have served their purpose are put into `discarded`. Closing one
// takes an RCU grace period (0.4 ms): do it while init works. With nullptr
// they are closed before this returns. They show image layers with the
// container's ids: never hand them to init.
absl::StatusOr<std::vector<DetachedMount>> PrepareMounts(
    const MountPlan& plan, FdRef user_namespace,
    std::vector<DetachedMount>* discarded = nullptr);
bool NeedsLauncher(const MountOp& op);
// With HasEmulated(plan) the launcher puts two more behind what PrepareMounts
// returned: the static and the live emulated filesystem.

// Init, in its own namespaces, as root of the user namespace, first of all:
// makes every mount of the namespace private. With HasLocked(plan), `stage` is
// the inner half of the LockingStage, and is attached: see locked_mounts.h.
absl::Status EnterMountNamespace(const DetachedMount& stage);
// `prepared` is PrepareMounts' result; `attach_rootfs_at` is a host directory
// to attach the rootfs over: "/" is the one that container root can always
// reach, "." its own, where hooks look for it. Returns an O_PATH descriptor of
// the attached root.
absl::StatusOr<Fd> AttachRootfs(const MountPlan& plan,
                                DetachedMount& prepared_rootfs,
                                const std::string& attach_rootfs_at);
// All ops that are not `last`, in order. kCgroupTree reads the hierarchies
// from /proc/self/cgroup and needs the container's cgroup namespace.
absl::Status AttachMounts(const MountPlan& plan, FdRef root,
                          std::vector<DetachedMount>& prepared);
// pivot_root (or MS_MOVE with no_pivot), rootfs propagation.
absl::Status EnterRootfs(const MountPlan& plan, FdRef root);
// After EnterRootfs, `root` being "/": read-only and masked paths, then the
// read-only rootfs itself.
absl::Status AttachLastMounts(const MountPlan& plan, FdRef root,
                              std::vector<DetachedMount>& prepared);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_APPLY_H_
