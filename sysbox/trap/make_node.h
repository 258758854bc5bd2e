// mknod(2), mknodat(2) of devices: the harmless ones are made, by us, with the
// caller's rights on the directory. Anything else is the kernel's to refuse.
#ifndef SYSBOX_TRAP_MAKE_NODE_H_
#define SYSBOX_TRAP_MAKE_NODE_H_

#include <sys/types.h>

#include "sysbox/trap/call.h"

namespace sysbox::trap {

// A device that gives whoever opens it nothing that a container may not have,
// or that its device cgroup refuses as it does every other. `device` is the
// system call's 32-bit number.
bool IsHarmlessNode(mode_t mode, uint32_t device);

Verdict MakeNode(const TrappedCall& call);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_MAKE_NODE_H_
