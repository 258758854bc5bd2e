// mount(2) and move_mount(2) of procfs and sysfs: what is mounted
// carries the container's emulated files, which come and go with it. Any other
// file system is the kernel's business. Done by us where an answer depends on
// it; else the kernel goes on with the caller's own rights.
#ifndef SYSBOX_TRAP_MOUNT_CALL_H_
#define SYSBOX_TRAP_MOUNT_CALL_H_

#include "sysbox/trap/call.h"

namespace sysbox::trap {

Verdict Mount(const TrappedCall& call);
Verdict MoveMount(const TrappedCall& call);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_MOUNT_CALL_H_
