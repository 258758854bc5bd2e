// What makes a process that was killed, and that the kernel does not let go,
// told from one that still does something.
#ifndef SYSBOX_LINUX_DYING_PROCESS_H_
#define SYSBOX_LINUX_DYING_PROCESS_H_

#include <sys/types.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

// True if every thread of `pid` has ended, or sleeps uninterruptibly: one that
// was killed cannot do more by itself then. ENOENT if there is no such process.
absl::StatusOr<bool> IsStuck(pid_t pid);

// From now on the calling thread, alone, has a descriptor table of its own, and
// in it nothing but `fd`, with the same number (unshare(2), CLONE_FILES): it is
// closed when the thread ends, whatever becomes of the others.
absl::Status KeepOnly(FdRef fd);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_DYING_PROCESS_H_
