// A FUSE file system that is mounted nowhere: the mount to hand to a
// container, and the /dev/fuse descriptor on which it is served (server.h).
// The connection ends when the last mount of it is gone.
#ifndef SYSBOX_FUSE_FUSE_MOUNT_H_
#define SYSBOX_FUSE_FUSE_MOUNT_H_

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/mount.h"

namespace sysbox::fuse {

inline constexpr char kMountSource[] = "sysbox";

struct FuseMountOptions {
  std::string source = kMountSource;  // first column of /proc/mounts
  // Owner of the mount, in the host's ids (user_id=, group_id=).
  uid_t uid = 0;
  gid_t gid = 0;
};

struct FuseMount {
  // Served by Server::Add. May be duplicated for safekeeping: requests wait
  // as long as somebody holds it, and the one who serves it may change.
  Fd device;
  DetachedMount mount;  // its root is kRootNode; nosuid, nodev, noexec
};

// For every process that can see the mount (allow_other), mode bits checked
// by the kernel (default_permissions). Does not wait for a server.
absl::StatusOr<FuseMount> MakeFuseMount(const FuseMountOptions& options);

}  // namespace sysbox::fuse

#endif  // SYSBOX_FUSE_FUSE_MOUNT_H_
