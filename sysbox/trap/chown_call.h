// chown(2) and kin of /sys, which belongs to nobody a container knows: with
// SYSBOX_IGNORE_SYSFS_CHOWN success without effect, for images and installers
// that insist. Of anything else: the kernel's business.
#ifndef SYSBOX_TRAP_CHOWN_CALL_H_
#define SYSBOX_TRAP_CHOWN_CALL_H_

#include "sysbox/trap/call.h"

namespace sysbox::trap {

Verdict Chown(const TrappedCall& call);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_CHOWN_CALL_H_
