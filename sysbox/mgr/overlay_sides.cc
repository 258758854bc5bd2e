#include "sysbox/mgr/overlay_sides.h"

#include <fcntl.h>

#include <optional>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount_info.h"

namespace sysbox::mgr {
namespace {

// fspick(2) wants the root of a mount. Remembers the device in `known`, or
// compares with it.
absl::Status CheckOverlay(FdRef root, const MountInfo& mount,
                          std::string* known) {
  SYSBOX_ASSIGN_OR_RETURN(const bool is_root, IsMountRoot(root));
  if (!is_root || mount.type != "overlay") {
    return FailedPrecondition("not the root of an overlay ({})", mount.type);
  }
  if (!known->empty() && *known != mount.device) {
    return FailedPrecondition("another overlay than before");
  }
  *known = mount.device;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Fd> OverlaySides::OpenOutside() {
  SYSBOX_ASSIGN_OR_RETURN(Fd root, Open(rootfs_, {.flags = O_PATH}));
  SYSBOX_ASSIGN_OR_RETURN(const MountInfo mount, MountOf(root));
  SYSBOX_RETURN_IF_ERROR(CheckOverlay(root, mount, &outside_), "{}", rootfs_);
  return root;
}

absl::StatusOr<Fd> OverlaySides::OpenInside() {
  SYSBOX_ASSIGN_OR_RETURN(const std::optional<Pidfd> init, Pin(init_));
  if (!init) return FailedPrecondition("process {} has ended", init_.pid);
  SYSBOX_ASSIGN_OR_RETURN(Fd root, Open(fmt::format("/proc/{}/root", init_.pid),
                                        {.flags = O_PATH}));
  SYSBOX_ASSIGN_OR_RETURN(const MountInfo mount, MountOf(root, init_.pid));
  // Both were the same process's, then.
  if (!init->Alive()) {
    return FailedPrecondition("process {} has ended", init_.pid);
  }
  if (mount.device == outside_) {
    return FailedPrecondition("one superblock for both sides");
  }
  SYSBOX_RETURN_IF_ERROR(CheckOverlay(root, mount, &inside_), "/proc/{}/root",
                         init_.pid);
  return root;
}

}  // namespace sysbox::mgr
