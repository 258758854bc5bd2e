// Pid namespaces seen from outside, and for a moment from inside:
// ioctl_nsfs(2), pid_namespaces(7).
#ifndef SYSBOX_LINUX_PID_NAMESPACE_H_
#define SYSBOX_LINUX_PID_NAMESPACE_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

// The namespace's process 1 as the caller's pid namespace numbers it. ESRCH
// when it has none (any more), ENOTTY before Linux 6.11.
absl::StatusOr<pid_t> InitOfPidNamespace(FdRef ns);

// Thread `tid` of `ns` as the caller's pid namespace numbers it. ESRCH, ENOTTY
// as above.
absl::StatusOr<pid_t> ThreadInPidNamespace(FdRef ns, pid_t tid);

// Opens what only a process of `pid_namespace` can: `open` is called in one
// that lives there that long, and returns a descriptor, or -1 and errno.
//
// The process shares the calling thread's memory and its other namespaces, and
// of the descriptors has `kept` alone: all that whoever looks at it in /proc
// there may see is the thread's to choose. It ends with the thread, and may be
// killed with its pid namespace at any moment (EIO), so `open` takes no lock
// and allocates nothing: system calls only. All signals must be blocked. EAGAIN
// where the pid namespace is full, ENOMEM where it has no process any more.
absl::StatusOr<Fd> OpenInPidNamespace(FdRef pid_namespace, FdRef kept,
                                      absl::FunctionRef<int()> open);
// Likewise openat2(2) of `path` below `base`: the `flags` and RESOLVE_*.
absl::StatusOr<Fd> OpenBelowInPidNamespace(FdRef pid_namespace, FdRef base,
                                           const std::string& path, int flags,
                                           uint64_t resolve);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_PID_NAMESPACE_H_
