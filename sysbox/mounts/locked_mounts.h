// What a MountPlan wants locked, on its way over a LockingStage. In the order
// of events:
//   TakeLocked     launcher  out of what PrepareMounts made
//   (init attaches the inner half: EnterMountNamespace in apply.h)
//   PutLocked      launcher  onto the stage
//   CollectLocked  init      from the stage, before AttachMounts
//   ReplaceRoot    init      before EnterRootfs
//   KeepLocked     launcher  when init is done with mounts
#ifndef SYSBOX_MOUNTS_LOCKED_MOUNTS_H_
#define SYSBOX_MOUNTS_LOCKED_MOUNTS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/mount.h"
#include "sysbox/mounts/locking_stage.h"
#include "sysbox/mounts/mount_plan.h"

namespace sysbox::mounts {

// As many as `prepared`, which lacks those taken now; the others are invalid.
// Of a rootfs that is to be locked a read-only copy is taken: init needs one
// to write to, for mount points.
absl::StatusOr<std::vector<DetachedMount>> TakeLocked(
    const MountPlan& plan, LockingStage& stage,
    std::vector<DetachedMount>& prepared);
absl::Status PutLocked(LockingStage& stage,
                       const std::vector<DetachedMount>& locked);

// What is to stay can no longer be unmounted or moved inside.
absl::Status KeepLocked(const MountPlan& plan, LockingStage& stage,
                        const std::vector<DetachedMount>& locked);

// Puts the locked mounts, attached on the stage, where they were taken from
// `prepared`. An error if the kernel has not locked one.
absl::Status CollectLocked(const MountPlan& plan, FdRef inner,
                           std::vector<DetachedMount>& prepared);
// Moves everything that is mounted on `root` to the locked copy of it on the
// stage, which becomes `root`; what was is unmounted. Without a copy nothing
// happens.
absl::Status ReplaceRoot(const MountPlan& plan, FdRef inner, Fd& root);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_LOCKED_MOUNTS_H_
