// An op's attributes and propagation on a mount that is not attached yet, in
// as few mount_setattr(2) calls as say it.
#ifndef SYSBOX_MOUNTS_MOUNT_ATTRIBUTES_H_
#define SYSBOX_MOUNTS_MOUNT_ATTRIBUTES_H_

#include "absl/status/status.h"
#include "sysbox/linux/fd.h"
#include "sysbox/mounts/mount_plan.h"

namespace sysbox::mounts {

// Flags and propagation. An op that is `locked` does not become shared or
// unbindable yet: such a mount cannot propagate, or would with the launcher's.
absl::Status ApplyAttributes(FdRef mount, const MountOp& op);
// That, for a locked mount that has arrived.
absl::Status SetPropagation(FdRef mount, const MountOp& op);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_MOUNT_ATTRIBUTES_H_
