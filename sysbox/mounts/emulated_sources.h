// Init's half of kEmulated: binds files and directories of the two emulated
// filesystems, which lie in their roots by their EmulatedName, over those of
// procfs and sysfs.
//
// Before Linux 6.15 a part of a mount can be cloned only where the mount is
// attached. So both are attached first, on the old root's /sys: nobody sees
// them there, and they leave with the old root at pivot_root.
#ifndef SYSBOX_MOUNTS_EMULATED_SOURCES_H_
#define SYSBOX_MOUNTS_EMULATED_SOURCES_H_

#include <sys/types.h>

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/mount.h"
#include "sysbox/mounts/mount_plan.h"

namespace sysbox::mounts {

class EmulatedSources {
 public:
  EmulatedSources() = default;  // can only be assigned to

  // Takes the last two of `prepared`: static, live.
  static absl::StatusOr<EmulatedSources> Attach(
      std::vector<DetachedMount>& prepared);

  // All ops of one procfs or sysfs, in order. Where that has no such file or
  // directory, nothing is done.
  absl::Status Bind(absl::Span<const MountOp> ops, FdRef root) const;

  // Whether a file of this st_dev is of one of the two.
  bool Serve(dev_t device) const {
    if (!static_.valid()) return false;
    return device == static_device_ || device == live_device_;
  }

 private:
  absl::StatusOr<DetachedMount> CloneServed(const MountOp& op) const;

  DetachedMount static_;
  DetachedMount live_;
  dev_t static_device_ = 0;
  dev_t live_device_ = 0;
};

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_EMULATED_SOURCES_H_
