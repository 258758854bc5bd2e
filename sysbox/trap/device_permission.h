// Whether a caller may open a device: asked of the kernel, by a process that
// is for one moment in the caller's cgroup, which is what holds the rules.
#ifndef SYSBOX_TRAP_DEVICE_PERMISSION_H_
#define SYSBOX_TRAP_DEVICE_PERMISSION_H_

#include "absl/status/status.h"
#include "sysbox/linux/fd.h"
#include "sysbox/trap/caller.h"

namespace sysbox::trap {

// OK if open(2) of the O_PATH descriptor `device` with `flags` succeeds in the
// cgroup of `caller`, for root of the host; else its error. EPERM if the cgroup
// cannot be entered. Not while in a caller's place.
absl::Status CheckDevicePermission(const Caller& caller, FdRef device,
                                   int flags);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_DEVICE_PERMISSION_H_
