// Finds the layers of a mounted overlay on the host.
#ifndef SYSBOX_MOUNTS_OVERLAY_LAYERS_H_
#define SYSBOX_MOUNTS_OVERLAY_LAYERS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/mounts/mount_plan.h"

namespace sysbox::mounts {

// `overlay` is the line of mountinfo. Relative layers, as engines use when
// absolute ones do not fit into a page ("l/ABC:l/DEF", "12/fs:11/fs"), are
// found from the directory above the mount point or the upper directory in
// which all of them exist.
absl::StatusOr<OverlayLayers> FindOverlayLayers(const MountInfo& overlay);

// The deepest directory that contains all of `paths` (absolute, clean): not
// one of them, but above each. "/" if nothing else.
std::string CommonParent(const std::vector<std::string>& paths);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_OVERLAY_LAYERS_H_
