#include "sysbox/fuse/fuse_mount.h"

#include <fcntl.h>
#include <linux/mount.h>

#include <string>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"

namespace sysbox::fuse {

absl::StatusOr<FuseMount> MakeFuseMount(const FuseMountOptions& options) {
  FuseMount made;
  // Non-blocking: which thread reads the next request is the server's choice.
  SYSBOX_ASSIGN_OR_RETURN(made.device,
                          Open("/dev/fuse", {.flags = O_RDWR | O_NONBLOCK}));
  SYSBOX_ASSIGN_OR_RETURN(FilesystemContext context,
                          FilesystemContext::Open("fuse"));
  SYSBOX_RETURN_IF_ERROR(context.SetString("source", options.source));
  SYSBOX_RETURN_IF_ERROR(
      context.SetString("fd", std::to_string(made.device.get())));
  SYSBOX_RETURN_IF_ERROR(context.SetString("rootmode", "40000"));
  SYSBOX_RETURN_IF_ERROR(
      context.SetString("user_id", std::to_string(options.uid)));
  SYSBOX_RETURN_IF_ERROR(
      context.SetString("group_id", std::to_string(options.gid)));
  SYSBOX_RETURN_IF_ERROR(context.SetFlag("allow_other"));
  SYSBOX_RETURN_IF_ERROR(context.SetFlag("default_permissions"));
  SYSBOX_RETURN_IF_ERROR(context.Create());
  SYSBOX_ASSIGN_OR_RETURN(
      made.mount,
      context.Mount(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
  return made;
}

}  // namespace sysbox::fuse
