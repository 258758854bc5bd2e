// flock(2) of open files; of paths see LockFile (file.h).
#ifndef SYSBOX_LINUX_FILE_LOCK_H_
#define SYSBOX_LINUX_FILE_LOCK_H_

#include "absl/status/status.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

// An exclusive lock, for as long as any duplicate of `file` is open in any
// process. OK if it or a duplicate has the lock already; EWOULDBLOCK when
// somebody else has.
absl::Status TryLock(FdRef file);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_FILE_LOCK_H_
