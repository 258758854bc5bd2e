// Mounts that can only be made where something is attached, without a trace in
// the mount namespace of who wants them.
#ifndef SYSBOX_MOUNTS_MOUNT_IN_CHILD_H_
#define SYSBOX_MOUNTS_MOUNT_IN_CHILD_H_

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/mount.h"

namespace sysbox::mounts {

// What `make` gives, which is called by a child in a mount namespace of its
// own, all private, with that namespace's root to attach to. All it attaches
// goes down with the child. Its errors keep their errno; Internal if the child
// dies.
absl::StatusOr<DetachedMount> MakeMountInChild(
    absl::FunctionRef<absl::StatusOr<DetachedMount>(FdRef root)> make);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_MOUNT_IN_CHILD_H_
