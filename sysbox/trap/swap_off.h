// swapoff(2): nothing of a container's is swapped to a device of its own, so
// for its root turning that off is done already (kubelet's installers insist),
// whatever path that is.
#ifndef SYSBOX_TRAP_SWAP_OFF_H_
#define SYSBOX_TRAP_SWAP_OFF_H_

#include "sysbox/trap/call.h"

namespace sysbox::trap {

Verdict SwapOff(const TrappedCall& call);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_SWAP_OFF_H_
