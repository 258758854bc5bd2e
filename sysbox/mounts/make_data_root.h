// A data root (data_roots.h) of a container whose root is an engine's overlay
// lies where it would lie anyway: in the overlay's upper layer, reached there
// directly instead of through the overlay. So it is a real file system to who
// mounts on it; the engine commits, diffs, limits and removes it with all else
// that the container wrote; nothing is copied at start, stop or removal, and
// it is never lost.
#ifndef SYSBOX_MOUNTS_MAKE_DATA_ROOT_H_
#define SYSBOX_MOUNTS_MAKE_DATA_ROOT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/mounts/mount_plan.h"

namespace sysbox::mounts {

// Launcher, before the container's own overlay is assembled. The O_PATH
// descriptor of the directory in the upper layer; invalid if what is there is
// no directory. Makes it if it is missing. What the image holds below it is
// copied up by the overlay, once in the container's life: a mark on the
// directory (trusted.sysbox.data-root) says that it was done. From then on the
// directory hides the image's own (inner_whiteouts.h).
absl::StatusOr<Fd> MakeDataRoot(const RootfsPlan& rootfs, const MountOp& op,
                                const IdMaps& maps);

// The same for a directory of a running container: `directory` (O_PATH) at
// `path`, which has no symlink in it, of the container's own overlay. The
// container is hostile: nothing is followed, no mount is entered, and EROFS,
// EPERM or FAILED_PRECONDITION is the answer to a directory on a mount that is
// read-only, of another overlay, or at another path.
absl::StatusOr<Fd> TakeDataRoot(const OverlayLayers& layers, FdRef directory,
                                const std::string& path);

// The paths of those that TakeDataRoot has answered for, "/a/b": the upper
// layer knows, for as long as there is one.
std::vector<std::string> LateDataRoots(const std::string& upper);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_MAKE_DATA_ROOT_H_
