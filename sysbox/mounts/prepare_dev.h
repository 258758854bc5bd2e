// The container's /dev, made by the host's root: nodes can only be made by
// him, and only on a filesystem of his they can be opened.
#ifndef SYSBOX_MOUNTS_PREPARE_DEV_H_
#define SYSBOX_MOUNTS_PREPARE_DEV_H_

#include "absl/status/statusor.h"
#include "sysbox/ids/id_range.h"
#include "sysbox/linux/mount.h"
#include "sysbox/mounts/mount_plan.h"

namespace sysbox::mounts {

// A tmpfs with the op's devices and links, all owned by the container's root
// unless the op says otherwise.
absl::StatusOr<DetachedMount> PrepareDev(const MountOp& dev,
                                         const IdMaps& maps);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_PREPARE_DEV_H_
