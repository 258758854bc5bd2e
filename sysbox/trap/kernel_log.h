// syslog(2): a kernel log of the container's own, with nothing in it. The
// host's shows the host's hardware, processes and other containers.
#ifndef SYSBOX_TRAP_KERNEL_LOG_H_
#define SYSBOX_TRAP_KERNEL_LOG_H_

#include <cstdint>

#include "sysbox/trap/call.h"

namespace sysbox::trap {

struct SyslogArguments {
  int type = 0;
  uint64_t buffer = 0;
  int size = 0;
};
// What syslog(2) answers: a value, or -errno, in the order in which the
// kernel's do_syslog (kernel/printk/printk.c) looks. Readable by everybody, as
// with kernel.dmesg_restrict=0.
int AnswerSyslog(const SyslogArguments& arguments, bool may_administer);

Verdict Syslog(const TrappedCall& call);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_KERNEL_LOG_H_
