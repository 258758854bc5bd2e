// A remount concerns one mount: what lies over a procfs or sysfs is to follow
// when that becomes read-only or writable.
#ifndef SYSBOX_TRAP_FOLLOW_READ_ONLY_H_
#define SYSBOX_TRAP_FOLLOW_READ_ONLY_H_

#include "absl/status/status.h"
#include "sysbox/linux/fd.h"
#include "sysbox/trap/call.h"

namespace sysbox::trap {

// Lets the emulated files over `target` become what the kernel is about to make
// of `target` itself. Where it is so already, they stay as they are. What the
// kernel has locked stays so. The call itself remains the kernel's: no error
// is of interest to the caller.
absl::Status FollowReadOnly(const TrappedCall& call, FdRef target,
                            bool read_only);

// mount_setattr(2).
Verdict MountSetattr(const TrappedCall& call);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_FOLLOW_READ_ONLY_H_
