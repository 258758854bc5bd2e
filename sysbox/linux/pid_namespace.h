// Pid namespaces seen from outside: ioctl_nsfs(2), pid_namespaces(7).
#ifndef SYSBOX_LINUX_PID_NAMESPACE_H_
#define SYSBOX_LINUX_PID_NAMESPACE_H_

#include <sys/types.h>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

// The namespace's process 1 as the caller's pid namespace numbers it. ESRCH
// when it has none (any more), ENOTTY before Linux 6.11.
absl::StatusOr<pid_t> InitOfPidNamespace(FdRef ns);

// Thread `tid` of `ns` as the caller's pid namespace numbers it. ESRCH, ENOTTY
// as above.
absl::StatusOr<pid_t> ThreadInPidNamespace(FdRef ns, pid_t tid);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_PID_NAMESPACE_H_
