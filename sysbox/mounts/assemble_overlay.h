// Puts the layers of an engine's overlay together a second time, on id-mapped
// clones, so that their files carry the container's ids (architecture D2).
#ifndef SYSBOX_MOUNTS_ASSEMBLE_OVERLAY_H_
#define SYSBOX_MOUNTS_ASSEMBLE_OVERLAY_H_

#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/ids/id_range.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/mount.h"
#include "sysbox/mounts/mount_plan.h"

namespace sysbox::mounts {

// How the kernel wants it; each is tried in turn.
enum class OverlayMethod {
  // Layers as descriptors into clones that are attached nowhere (Linux 6.15).
  kDetached,
  // In a short-lived mount namespace of a child, where the clones are
  // attached and layers go by /proc/self/fd: before 6.15 an overlay takes no
  // layer from a detached mount.
  kAttached,
  // Likewise, all lower layers as one string, of at most 128 names: before
  // 6.8. Before 6.5 the kernel takes any option at first, and says EINVAL in
  // the end.
  kJoined,
};

// Host root. Makes the work directory. Every layer is opened below one clone
// of the common parent, or below clones of its own where they do not all lie
// on one mount. The clones have done their duty then: they are moved to
// `discarded`, for closing them takes an RCU grace period.
absl::StatusOr<DetachedMount> AssembleOverlay(
    const RootfsPlan& rootfs, const IdMaps& maps, FdRef user_namespace,
    std::vector<DetachedMount>& discarded);
absl::StatusOr<DetachedMount> AssembleOverlayBy(
    OverlayMethod method, const RootfsPlan& rootfs, const IdMaps& maps,
    FdRef user_namespace, std::vector<DetachedMount>& discarded);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_ASSEMBLE_OVERLAY_H_
