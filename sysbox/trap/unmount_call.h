// umount2(2) of a procfs or sysfs: what came with it goes with it. EBUSY if
// anything else lies on it. Others are the kernel's.
#ifndef SYSBOX_TRAP_UNMOUNT_CALL_H_
#define SYSBOX_TRAP_UNMOUNT_CALL_H_

#include "sysbox/trap/call.h"

namespace sysbox::trap {

Verdict Unmount(const TrappedCall& call);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_UNMOUNT_CALL_H_
