// The two overlay superblocks of one container's root file system: the
// engine's own, mounted at the bundle's rootfs, and ours, which is the root of
// the container's init. Both are found anew each time: a descriptor kept open
// would keep a superblock from going away with its container.
#ifndef SYSBOX_MGR_OVERLAY_SIDES_H_
#define SYSBOX_MGR_OVERLAY_SIDES_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/mgr/process_identity.h"

namespace sysbox::mgr {

class OverlaySides {
 public:
  OverlaySides(std::string rootfs, const ProcessIdentity& init)
      : rootfs_(std::move(rootfs)), init_(init) {}

  // O_PATH descriptors. FailedPrecondition if it is no overlay's root, or not
  // the overlay it was the first time. Neither asks the filesystem anything:
  // by now init's root may be one that the container itself serves.
  absl::StatusOr<Fd> OpenOutside();
  absl::StatusOr<Fd> OpenInside();  // not before OpenOutside succeeded

  const std::string& rootfs() const { return rootfs_; }
  // "0:61", as in mountinfo; "" until opened successfully.
  const std::string& outside() const { return outside_; }
  const std::string& inside() const { return inside_; }

 private:
  std::string rootfs_;
  ProcessIdentity init_;
  std::string outside_;
  std::string inside_;
};

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_OVERLAY_SIDES_H_
