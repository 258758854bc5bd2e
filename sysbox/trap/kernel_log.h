// syslog(2): a kernel log of the container's own, with nothing in it. The
// host's shows the host's hardware, processes and other containers.
#ifndef SYSBOX_TRAP_KERNEL_LOG_H_
#define SYSBOX_TRAP_KERNEL_LOG_H_

#include "sysbox/trap/call.h"

namespace sysbox::trap {

// What type `action` (syslog(2)) answers: a value, or -errno. Readable by
// everybody, as with kernel.dmesg_restrict=0.
int AnswerSyslog(int action, bool may_administer);

Verdict Syslog(const TrappedCall& call);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_KERNEL_LOG_H_
